import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { have } from "../../../support/have";
import { python } from "./support";

/** A clock and a service without the seconds between: `answers` are taken one by one, texts are refusals. */
const played = (answers: string): string => `
clock = [0.0]
aws.time.monotonic = lambda: clock[0]
aws.time.sleep = lambda seconds: clock.__setitem__(0, clock[0] + seconds)
answers = ${answers}
asked = []
def once(service, action, params):
    asked.append(action)
    answer = answers.pop(0) if len(answers) > 1 else answers[0]
    if isinstance(answer, str):
        raise aws.Refused(answer)
    return answer
aws.call_once = once
`;

describe.skipIf(!have("python3"))("calls of AWS", () => {
  // The Signature Version 4 test suite of AWS: post-vanilla.
  it("are signed as AWS' own test suite has it", () => {
    const said = python(`import datetime
aws.REGION = "us-east-1"
keys = {"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
now = datetime.datetime(2015, 8, 30, 12, 36, 0)
print(aws.sign("service", "example.amazonaws.com", {}, b"", keys, now)["authorization"])`);
    expect(said).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, " +
        "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b\n",
    );
  });

  it("sign the session's token and what is asked for", () => {
    const said = python(`import datetime
keys = {"AccessKeyId": "A", "SecretAccessKey": "B", "Token": "C"}
print(aws.sign("ssm", "h", {"x-amz-target": "t", "content-type": "j"}, b"{}", keys, datetime.datetime(2026, 1, 1))["authorization"])`);
    expect(said).toContain("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,");
  });

  it.each([
    "ThrottlingException: ",
    "AccessDeniedException: ",
    "InternalFailure: ",
    "ExpiredTokenException: ",
  ])("are made again after %s", (refusal) => {
    const lines = `${played(`[${JSON.stringify(refusal)}, {"ok": True}]`)}print(aws.call("ssm", "GetParameter", {}), len(asked))`;
    expect(python(lines)).toBe("{'ok': True} 2\n");
  });

  it.each(["ParameterNotFound: ", "ValidationException: too long"])(
    "are not made again after %s",
    (refusal) => {
      const lines = `${played(`[${JSON.stringify(refusal)}]`)}
try:
    aws.call("ssm", "GetParameter", {})
except aws.Refused as error:
    print(error, len(asked))`;
      expect(python(lines)).toBe(`ssm GetParameter: ${refusal} 1\n`);
    },
  );

  // The shortest and the longest pause that is drawn, and what lies between: the draw decides nothing else.
  it.each(["low", "high", "(low + high) / 2"])(
    "end within their patience, with the last reason, when pauses are %s",
    (drawn) => {
      const lines = `${played('["AccessDeniedException: no"]')}
aws.random.uniform = lambda low, high: ${drawn}
for patience in (0, 1, 7, 30, 60, 90, 600):
    clock[0] = 0.0
    asked.clear()
    try:
        aws.call("ssm", "GetParameter", {}, patience)
    except aws.Refused as error:
        # Another pause is 22.5 seconds at most.
        print(error, clock[0] <= patience, clock[0] >= patience - 22.5, len(asked) > 4 or patience < 60)`;
      const refusal = "ssm GetParameter: AccessDeniedException: no True True True\n";
      expect(python(lines)).toBe(refusal.repeat(7));
    },
  );

  it("asks the metadata service with a token of its second version, and past any proxy", () => {
    const said = python(`
import os
os.environ["http_proxy"] = "http://192.0.2.1:3128"
seen = []
class Answer:
    def __init__(self, text):
        self.text = text
    def read(self):
        return self.text
def open(request, timeout):
    seen.append((request.get_method(), request.full_url, dict(request.header_items())))
    return Answer(b"token-1" if request.get_method() == "PUT" else b"i-1")
aws.direct.open = open
print(aws.metadata("meta-data/instance-id"))
for one in seen:
    print(one)
print([type(handler).__name__ for handler in aws.direct.handlers if "Proxy" in type(handler).__name__])`);
    expect(said).toContain("i-1\n('PUT', 'http://169.254.169.254/latest/api/token'");
    expect(said).toContain("'X-aws-ec2-metadata-token': 'token-1'");
    expect(said).toContain("[]");
  });

  it("puts a file in place with its mode, and leaves one that is the same alone", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "aws-write-"));
    const file = path.join(folder, "new", "key");
    const said = python(`
import os
aws.write(${JSON.stringify(file)}, "one")
first = os.stat(${JSON.stringify(file)})
aws.write(${JSON.stringify(file)}, "one")
second = os.stat(${JSON.stringify(file)})
aws.write(${JSON.stringify(file)}, "two")
third = os.stat(${JSON.stringify(file)})
print(oct(first.st_mode & 0o777), first.st_ino == second.st_ino, second.st_ino == third.st_ino, os.listdir(os.path.dirname(${JSON.stringify(file)})))`);
    expect(said).toBe("0o600 True False ['key']\n");
    fs.rmSync(folder, { recursive: true });
  });

  it("keeps a status within what a parameter holds, the log's end in it", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "aws-status-"));
    const log = path.join(folder, "log");
    const lines = Array.from({ length: 200 }, (_, index) => `${index} ${"ü".repeat(200)}`);
    fs.writeFileSync(log, `before\n${lines.join("\n")}\n##error the end\n`);
    const said = python(
      `
import json
aws.metadata = lambda path: "i-1"
aws.call = lambda service, action, params, patience: print(params["Name"], len(params["Value"]), json.dumps(json.loads(params["Value"])))
aws.status("/prefix", "boot", "node", "failed", "join", "7", ${JSON.stringify(log)}, "7")`,
      ["status"],
    );
    const [name, length, ...rest] = said.split(" ");
    const value = JSON.parse(rest.join(" ")) as { tail: string[]; exit: number };
    expect(name).toBe("/prefix/i-1");
    expect(Number(length)).toBeLessThanOrEqual(4096);
    expect(value).toMatchObject({
      instance: "i-1",
      node: "node",
      boot: "boot",
      state: "failed",
      phase: "join",
      exit: 7,
    });
    expect(value.tail.at(-1)).toBe("##error the end");
    expect(value.tail.join("\n")).not.toContain("before");
    fs.rmSync(folder, { recursive: true });
  });

  it("finds a running instance by its private name and its tags, and says how old it is", () => {
    const said = python(
      `
aws.time.time = lambda: aws.datetime.datetime(2026, 3, 1, 12, 10, 5, tzinfo=aws.datetime.timezone.utc).timestamp()
def call(service, action, params, patience):
    for key in sorted(params):
        print(key, params[key])
    return """<?xml version="1.0"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet>
<item><instancesSet><item><instanceId>i-0a1</instanceId><launchTime>2026-03-01T12:00:00.000Z</launchTime><groupSet><item><groupId>sg-1</groupId></item></groupSet></item></instancesSet></item>
</reservationSet></DescribeInstancesResponse>"""
aws.call = call
aws.instance("ip-10-0-1-20.eu-central-1.compute.internal", "pulumi-kubeadm/cluster=dev", "pulumi-kubeadm/pool=a=b")
aws.call = lambda *words: "<DescribeInstancesResponse/>"
aws.instance("node.example.com")`,
      ["xml", "instance"],
    );
    expect(said.trim().split("\n")).toEqual([
      "Filter.1.Name private-ip-address",
      "Filter.1.Value.1 10.0.1.20",
      "Filter.2.Name instance-state-name",
      "Filter.2.Value.1 running",
      "Filter.3.Name tag:pulumi-kubeadm/cluster",
      "Filter.3.Value.1 dev",
      "Filter.4.Name tag:pulumi-kubeadm/pool",
      "Filter.4.Value.1 a=b",
      "i-0a1 605",
    ]);
  });
});
