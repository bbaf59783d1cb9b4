import { z } from "zod";
import { text } from "../../settings/schema/primitives";

const SERVICE = /^[a-z0-9][a-z0-9-]{0,40}(\.[a-z0-9-]{1,40}){0,2}$/;
/** Both have gateways, and the first is made with every VPC. */
const GATEWAYS: Readonly<Record<string, string>> = {
  s3: "network.s3Endpoint, a gateway that costs nothing",
  dynamodb: "another service: DynamoDB uses a gateway endpoint, which the stack does not create",
};

const service = text((value) => {
  const gateway = GATEWAYS[value];
  if (gateway !== undefined) return { message: "has a gateway endpoint", allowed: gateway };
  return SERVICE.test(value)
    ? undefined
    : {
        message: "is not the name of a service",
        allowed: "the last part of an endpoint's name, such as logs for com.amazonaws.eu-central-1.logs",
      };
});

export const vpcEndpoints = z.strictObject({ services: z.array(service).min(1).max(40).optional() });
