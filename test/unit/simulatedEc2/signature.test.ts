/** The signature of the hosts' own program, against the region's reading of the specification. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { verify, type Session, type SignedRequest } from "../../lab/ec2/signature";
import { run } from "../../support/run";

const REGION = "eu-central-1";
const session: Session = {
  id: "ASIA0123456789ABCDEF",
  secret: "a secret",
  token: "token//==",
  role: "kubeadm-dev-general",
  expires: Date.now() + 600_000,
};
const find = (id: string): Session | undefined => (id === session.id ? session : undefined);

const PROGRAM = path.resolve(__dirname, "..", "..", "..", "model/aws/node/scripts/aws.py");

/** What `aws.py` would send: a call of Systems Manager, or an object of S3. */
async function signed(service: "ssm" | "s3", minutes = 0): Promise<SignedRequest> {
  const [program = ""] = readFileSync(PROGRAM, "utf8").split("# command: imds");
  const host = service === "s3" ? `bucket.s3.${REGION}.amazonaws.com` : `ssm.${REGION}.amazonaws.com`;
  const body = service === "s3" ? "" : '{"Name": "/a"}';
  const call = `
keys = {"AccessKeyId": "${session.id}", "SecretAccessKey": "${session.secret}", "Token": "${session.token}"}
now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=${minutes})
body = ${JSON.stringify(body)}.encode()
extra = {"x-amz-content-sha256": hashlib.sha256(body).hexdigest()} if "${service}" == "s3" else {"x-amz-target": "AmazonSSM.GetParameter"}
print(json.dumps(sign("${service}", "${host}", extra, body, keys, now, "${service === "s3" ? "GET" : "POST"}", "/key")))
`;
  const text = `REGION = "${REGION}"\nDOMAIN = "amazonaws.com"\nPROXIES = {}\nPATIENCE = 1\n${program}${call}`;
  const { stdout } = await run(["python3", "-I", "-"], { input: text });
  const headers = JSON.parse(stdout) as Record<string, string>;
  return { method: service === "s3" ? "GET" : "POST", url: "/key", headers, body: Buffer.from(body) };
}

it("takes what the hosts' program signs, and knows the role by it", async () => {
  for (const service of ["ssm", "s3"] as const)
    expect(verify(await signed(service), REGION, find)).toEqual({ session, service });
});

it.each([
  ["another body", (one: SignedRequest) => ({ ...one, body: Buffer.from('{"Name": "/b"}') }), "does not fit"],
  ["another path", (one: SignedRequest) => ({ ...one, url: "/other" }), "does not fit"],
  ["another method", (one: SignedRequest) => ({ ...one, method: "PUT" }), "does not fit"],
  [
    "a header that was not signed",
    (one: SignedRequest) => ({ ...one, headers: { ...one.headers, "x-amz-tagging": "a" } }),
    "x-amz-tagging is not signed",
  ],
  [
    "another token",
    (one: SignedRequest) => ({ ...one, headers: { ...one.headers, "x-amz-security-token": "b" } }),
    "security token in the request is invalid",
  ],
  [
    "none at all",
    (one: SignedRequest) => ({ ...one, headers: { ...one.headers, authorization: undefined } }),
    "no signature",
  ],
])("refuses %s", async (_, change, message) => {
  const request = change(await signed("ssm"));
  expect(() => verify(request, REGION, find)).toThrow(message);
});

it("refuses credentials that have ended, a clock six minutes off, and another region", async () => {
  const ended = (): Session => ({ ...session, expires: Date.now() - 1 });
  const request = await signed("ssm");
  expect(() => verify(request, REGION, ended)).toThrow("is expired");
  const late = await signed("ssm", 6);
  expect(() => verify(late, REGION, find)).toThrow("Signature expired");
  expect(() => verify(request, "us-east-1", find)).toThrow("is not ssm in us-east-1");
});
