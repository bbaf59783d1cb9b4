import type { AwsSettings } from "../settings";
import type { Statement } from "../statement";

/**
 * What an instance's agent needs for sessions (Systems Manager User Guide, "Adding Session Manager permissions to an existing IAM
 * role"); none of these actions knows a resource that is narrower. Run Command and parameters are not among them.
 */
export function sessionStatements({ access }: Pick<AwsSettings, "access">): Statement[] {
  if (!access.sessionManager) return [];
  return [
    {
      sid: "HoldSessions",
      reason:
        "the Systems Manager agent opens sessions for people whom IAM allows to start one; nothing listens on the instance",
      actions: [
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ],
      resources: ["*"],
    },
  ];
}
