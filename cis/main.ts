/** `npm run cis`: prints the script that checks one host by the CIS Kubernetes Benchmark, to be run there as root. */
import { cisScript } from "../model/cis/script";

process.stdout.write(cisScript());
