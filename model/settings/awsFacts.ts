export type { PoolLayout as AwsPoolFacts } from "./awsLayout";
