export type { PoolLayout as AwsPoolFacts } from "../aws/layout";
