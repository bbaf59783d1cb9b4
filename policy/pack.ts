import { PolicyPack } from "@pulumi/policy";
import { policies } from "./index";

new PolicyPack("pulumi-kubeadm", { policies });
