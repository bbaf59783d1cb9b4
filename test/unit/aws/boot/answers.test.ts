import { describe, expect, it } from "vitest";
import { have } from "../../../support/have";
import { python } from "./support";

/**
 * The rendered program against a server that says what AWS, or something in between, may say: `answers` are raw bytes after the
 * request, taken one by one, the last one for ever. Connections are real; seconds and chance are not.
 */
const served = (answers: readonly string[], lines: string): string => `
import socket, threading
clock = [0.0]
aws.time.monotonic = lambda: clock[0]
aws.time.sleep = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
aws.random.uniform = lambda least, most: 1.0
answers = [one.encode() for one in ${JSON.stringify(answers)}]
asked = []
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(50)

def serve():
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as request:
            first = request.readline().decode()
            asked.append(first.split(" ")[0])
            length = 0
            for line in iter(request.readline, b"\\r\\n"):
                name, _, value = line.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
            request.read(length)
            connection.sendall(answers.pop(0) if len(answers) > 1 else answers[0])

threading.Thread(target=serve, daemon=True).start()
base = "http://127.0.0.1:%d/" % listener.getsockname()[1]
real = aws.urllib.request.urlopen

def open_here(request, timeout):
    request.full_url = base
    return real(request, timeout=timeout)

aws.urllib.request.urlopen = open_here
${lines}`;

const http = (status: string, body: string, type = "application/x-amz-json-1.1"): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
const good = http("200 OK", '{"Parameter": {"Value": "v"}}');
const page = "<html><head><title>Sign in</title></head></html>";

/** AWS' own words: Signature Version 4, "Troubleshoot signature version 4"; Secrets Manager and SSM, "Common errors". */
const PASSING: readonly (readonly [string, string])[] = [
  ["a portal's page in place of an answer", http("200 OK", page, "text/html")],
  ["a proxy that refuses", http("403 Forbidden", page, "text/html")],
  ["a proxy that wants a login", http("407 Proxy Authentication Required", "", "text/html")],
  [
    "a redirect to a portal",
    "HTTP/1.1 302 Found\r\nLocation: /portal\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  ],
  ["an answer that is cut off", good.slice(0, -8)],
  ["something that speaks no HTTP", "SSH-2.0-OpenSSH_9.6\r\n"],
  ["a connection that is closed at once", ""],
  ["half of a JSON document", http("200 OK", '{"Parameter": {"Val')],
  [
    "a clock that is behind",
    http(
      "400 Bad Request",
      '{"__type":"InvalidSignatureException","message":"Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z"}',
    ),
  ],
  [
    "a clock that is ahead",
    http(
      "403 Forbidden",
      '{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature not yet current: ..."}',
    ),
  ],
  [
    "credentials that EC2 has not spread yet",
    http(
      "400 Bad Request",
      '{"__type":"UnrecognizedClientException","message":"The security token is invalid"}',
    ),
  ],
  ["throttling", http("400 Bad Request", '{"__type":"ThrottlingException","message":"Rate exceeded"}')],
  ["a failure of the service", http("500 Internal Server Error", '{"__type":"InternalServerError"}')],
  ["a balancer's page", http("503 Service Unavailable", "<html>503</html>", "text/html")],
];

describe.skipIf(!have("python3"))("a call of AWS", () => {
  const keys = `aws.credentials = lambda: {"AccessKeyId": "A", "SecretAccessKey": "B", "Token": "C"}\n`;

  it.each(PASSING)("is made again after %s", (_, answer) => {
    const lines = `${keys}print(aws.call("ssm", "GetParameter", {}), "POST" in asked[-1])`;
    const after = answer.includes("302") ? [answer, http("200 OK", page, "text/html"), good] : [answer, good];
    expect(python(served(after, lines))).toBe("{'Parameter': {'Value': 'v'}} True\n");
  });

  it.each(PASSING)("ends with one line within its patience when it stays at %s", (_, answer) => {
    const lines = `${keys}try:
    aws.call("ssm", "GetParameter", {}, 60)
except aws.Refused as error:
    print(clock[0] <= 60, len(asked) > 3, str(error).startswith("ssm GetParameter: "))`;
    expect(python(served([answer], lines))).toBe("True True True\n");
  });

  it("names what answered in AWS' place", () => {
    const lines = `${keys}try:
    aws.call("ssm", "GetParameter", {}, 0)
except aws.Refused as error:
    print(error)`;
    expect(python(served([http("200 OK", page, "text/html")], lines))).toBe(
      `ssm GetParameter: Unavailable: ssm.us-east-1.amazonaws.com answered with '${page}', which is not an answer of AWS: is a proxy or a portal in between?\n`,
    );
  });

  it("takes a page with status 200 for no answer of EC2 and Auto Scaling, which speak XML", () => {
    const done = http("200 OK", "<CompleteLifecycleActionResponse/>", "text/xml");
    const lines = `${keys}print(aws.call("autoscaling", "CompleteLifecycleAction", {}), len(asked))`;
    expect(python(served([http("200 OK", page, "text/html"), done], lines))).toBe(
      "<CompleteLifecycleActionResponse/> 2\n",
    );
  });

  it.each([
    ["ValidationException", "1 validation error: Internal, Unavailable, Throttling"],
    ["ParameterNotFound", ""],
  ])("is not made again after %s, whatever its message says", (code, message) => {
    const answer = http("400 Bad Request", JSON.stringify({ __type: code, message }));
    const lines = `${keys}try:
    aws.call("ssm", "GetParameter", {})
except aws.Refused as error:
    print(error, len(asked))`;
    expect(python(served([answer], lines))).toBe(`ssm GetParameter: ${code}: ${message} 1\n`);
  });
});

describe.skipIf(!have("python3"))("the metadata service", () => {
  const metadata = `aws.METADATA = base + "latest/"\n`;
  const token = http("200 OK", "a-token", "text/plain");
  const role = http("200 OK", "the-role", "text/plain");
  /** IAM User Guide, "Troubleshoot IAM and Amazon EC2": a role that EC2 cannot assume yet. */
  const refused = http(
    "200 OK",
    '{"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role the-role.", "LastUpdated": "2026-01-01T00:00:00Z"}',
    "text/plain",
  );
  const keys = http(
    "200 OK",
    '{"Code": "Success", "AccessKeyId": "A", "SecretAccessKey": "B", "Token": "C"}',
    "text/plain",
  );
  const ask = [token, role, token];

  it.each([
    ["EC2 cannot assume the role", [...ask, refused]],
    ["there is no role yet", [token, http("404 Not Found", "", "text/html")]],
    [
      "the answer is cut off",
      [...ask, http("200 OK", '{"Code": "Success", "AccessKeyId": "A', "text/plain")],
    ],
  ])("is asked again while %s", (_, first) => {
    const lines = `${metadata}print(aws.call("ssm", "GetParameter", {})["Parameter"])`;
    expect(python(served([...first, ...ask, keys, good], lines))).toBe("{'Value': 'v'}\n");
  });

  it("is quoted when it has no credentials in the end", () => {
    const lines = `${metadata}try:
    aws.call("ssm", "GetParameter", {}, 0)
except aws.Refused as error:
    print(error)`;
    expect(python(served([...ask, refused], lines))).toBe(
      "ssm GetParameter: AccessDenied: no credentials of role the-role yet: AssumeRoleUnauthorizedAccess EC2 cannot assume the role the-role.\n",
    );
  });

  it("may break off, and is asked again", () => {
    const lines = `${metadata}print(aws.metadata("meta-data/instance-id"))`;
    expect(
      python(served([token.slice(0, -3), token, "nonsense\r\n", http("200 OK", "i-1", "text/plain")], lines)),
    ).toBe("i-1\n");
  });
});

describe.skipIf(!have("python3"))("a control-plane node's host key", () => {
  it("is waited for however long it takes, and said each time", () => {
    const lines = `
import os, tempfile
folder = tempfile.mkdtemp()
clock = [0.0]
aws.time.sleep = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
aws.os.path.exists = lambda path: False
aws.glob.glob = lambda pattern: []
aws.write = lambda path, content, mode=0o600: print("wrote", path, repr(content))
class Ran:
    stdout = b"public\\n"
aws.subprocess.run = lambda *words, **more: Ran
tries = [0]
def call(service, action, params, patience):
    tries[0] += 1
    clock[0] += patience
    if tries[0] < 20:
        raise aws.Refused("secretsmanager GetSecretValue: AccessDenied: not yet")
    return {"SecretString": "the key\\n"}
aws.call = call
aws.hostKey("kubeadm/dev/ssh-host-key")
print(clock[0] > 3600, tries[0])`;
    const said = python(lines, ["hostKey"]);
    expect(
      said.match(/sshd waits for its host key in Secrets Manager: .*AccessDenied: not yet/g),
    ).toHaveLength(19);
    expect(said).toContain("wrote /etc/ssh/ssh_host_ed25519_key 'the key\\n'");
    expect(said.endsWith("True 20\n")).toBe(true);
  });
});
