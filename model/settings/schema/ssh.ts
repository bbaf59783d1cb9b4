import { HOST_KEY_TYPES, hostKeyProblem } from "../sshKeys";
import { host, matching, port, secretName, text } from "./primitives";

/** A line as in known_hosts without the host. */
export const hostKey = text((value) => {
  const problem = hostKeyProblem(value);
  return problem === undefined
    ? undefined
    : {
        message: problem,
        allowed: `one line of ${HOST_KEY_TYPES.join(", ")}, as printed by ssh-keyscan after the host`,
      };
});

const user = matching(/^[a-z_][a-z0-9_.-]{0,31}$/i, "a user name on the host, such as ubuntu");

/** How a host is reached over SSH. */
export const sshShape = { host, port: port.default(22), user, hostKey, key: secretName };
