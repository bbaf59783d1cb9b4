import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseArguments } from "../../../scripts/account/arguments";
import { budgetRefusal, estimate } from "../../../scripts/account/estimate";
import { accountTest, AccountTestError, InterruptedError, NotBegunError } from "../../../scripts/account/run";
import { CommandError, type Command, type Shell } from "../../../scripts/account/shell";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";

const ACCOUNT = "111122223333";
const KUBECONFIG = "a kubeconfig with a key";
let folder: string;
let source: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "account-test-"));
  source = path.join(folder, "Pulumi.cloud.yaml");
  fs.writeFileSync(source, "# mine\nconfig:\n  kubeadm:cluster:\n    platform: aws\n");
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** An account and the commands that work in it, as far as a run looks at them. */
class PaperAccount implements Shell {
  readonly ran: string[] = [];
  readonly said: string[] = [];
  /** ARNs that carry the cluster's tag. */
  tagged: string[] = [];
  /** Stays after the destroy, for so many searches. */
  leftFor = 0;
  quota = 1000;
  stop = false;
  /** Fails, or is interrupted, at the first command that contains it. */
  fails = "";
  interruptedAt = "";

  run(command: Command): Promise<number> {
    const text = command.join(" ");
    this.ran.push(text);
    if (this.interruptedAt !== "" && text.includes(this.interruptedAt)) this.stop = true;
    if (this.fails !== "" && text.includes(this.fails)) return Promise.resolve(255);
    if (text.startsWith("pulumi up")) this.tagged = ["arn:instance", "arn:vpc"];
    if (text.startsWith("pulumi destroy")) this.tagged = this.leftFor > 0 ? ["arn:volume"] : [];
    return Promise.resolve(0);
  }

  read(command: Command): Promise<string> {
    const text = command.join(" ");
    if (text.includes("get-caller-identity")) return Promise.resolve(`${ACCOUNT}\n`);
    if (text.includes("get-service-quota")) return Promise.resolve(`${this.quota}.0\n`);
    if (text.includes("stack output kubeconfig")) return Promise.resolve(KUBECONFIG);
    if (!text.includes("get-resources")) return Promise.reject(new CommandError(text));
    const list = text.includes("pulumi-kubeadm/cluster") ? this.tagged : [];
    if (this.leftFor > 0 && list.includes("arn:volume") && --this.leftFor === 0) this.tagged = [];
    return Promise.resolve(
      JSON.stringify({ ResourceTagMappingList: list.map((arn) => ({ ResourceARN: arn })) }),
    );
  }

  start(words: string, base = smallAws): Promise<void> {
    const args = parseArguments(words.split(" "));
    if (args === undefined) throw new Error("help");
    return accountTest({
      args,
      settings: awsSettings(base),
      source,
      folder: path.join(folder, "out"),
      shell: this,
      say: (line) => this.said.push(line),
      interrupted: () => this.stop,
      pause: () => Promise.resolve(),
      looks: 3,
    });
  }

  /** Commands by what they do, without their options. */
  get done(): string[] {
    return this.ran.map((text) => text.split(" ").slice(0, 2).join(" "));
  }
}

const REAL = `cloud --budget 100 --account ${ACCOUNT}`;

describe("a run in an account", () => {
  it("goes from nothing to nothing, and looks for what is left last", async () => {
    const account = new PaperAccount();
    account.leftFor = 2;
    await account.start(REAL);
    expect(account.done).toEqual([
      ...["pulumi stack", "pulumi up", "pulumi preview", "npm run"],
      // A load balancer and a volume, which the destroy has to find.
      ...["kubectl --kubeconfig", "kubectl --kubeconfig", "kubectl --kubeconfig"],
      // The pool, its smoke test, a refresh; one control-plane node alone is not replaced.
      ...["pulumi up", "npm run", "pulumi refresh"],
      ...["pulumi up", "pulumi destroy"],
    ]);
    expect(account.said).toContain("still tagged: arn:volume");
    expect(account.said.at(-1)).toBe("done: nothing of the cluster is left in the account");
  });

  it("replaces one of several control-plane nodes, in the order of docs/operations.md", async () => {
    const account = new PaperAccount();
    await account.start(`cloud --budget 1000 --account ${ACCOUNT}`, largeAws);
    const steps = [
      "allow that cp-2 is replaced",
      "replace cp-2",
      "protect cp-2 again",
      "refresh pool general",
    ];
    expect(account.said.filter((line) => steps.includes(line))).toEqual(steps);
  });

  it("changes a copy of the settings, and never the stack's file", async () => {
    const account = new PaperAccount();
    const before = fs.readFileSync(source, "utf8");
    await account.start(REAL);
    expect(fs.readFileSync(source, "utf8")).toBe(before);
    const copy = fs.readFileSync(path.join(folder, "out", "stack.yaml"), "utf8");
    expect(copy).toContain("# mine");
    expect(parse(copy)).toMatchObject({
      config: {
        "kubeadm:cluster": {
          protect: false,
          onDestroy: { loadBalancers: "delete", volumes: "delete" },
          workers: { general: { revision: 2 } },
        },
      },
    });
  });

  it("shows no kubeconfig, keeps it from others, and removes it", async () => {
    const account = new PaperAccount();
    account.fails = "pulumi destroy";
    await expect(account.start(REAL)).rejects.toThrow(AccountTestError);
    const file = path.join(folder, "out", "kubeconfig");
    expect(fs.readFileSync(file, "utf8")).toBe(KUBECONFIG);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    account.fails = "";
    await account.start(`${REAL} --resume`);
    expect(fs.existsSync(file)).toBe(false);
    expect([...account.said, ...account.ran].join("\n")).not.toContain(KUBECONFIG);
  });
});

describe("before anything is created", () => {
  const refused = async (account: PaperAccount, words: string): Promise<string> => {
    const error: unknown = await account.start(words).catch((thrown: unknown) => thrown);
    expect(account.ran).toEqual([]);
    expect(error).toBeInstanceOf(NotBegunError);
    return (error as NotBegunError).message;
  };

  it("a budget is asked for, and must cover the estimate", async () => {
    const { cost } = estimate(awsSettings(smallAws));
    expect(await refused(new PaperAccount(), `cloud --account ${ACCOUNT}`)).toContain(
      "name a budget with --budget",
    );
    expect(await refused(new PaperAccount(), `cloud --budget 1 --account ${ACCOUNT}`)).toContain(
      `about ${cost} US dollars for 3 hours at the most, more than the budget of 1`,
    );
    expect(budgetRefusal({ cost: 5, hours: 3, unknown: [] }, 5)).toBeUndefined();
    expect(budgetRefusal({ cost: 5, hours: 3, unknown: ["pool gpu"] }, 500)).toContain("without pool gpu");
  });

  it("the account is asked for, and is no other", async () => {
    expect(await refused(new PaperAccount(), "cloud --budget 100")).toContain("--account");
    expect(await refused(new PaperAccount(), "cloud --budget 100 --account 444455556666")).toBe(
      `the credentials are of account ${ACCOUNT}, not of 444455556666`,
    );
  });

  it("quotas must suffice, all of them", async () => {
    const account = new PaperAccount();
    account.quota = 1;
    expect(await refused(account, REAL)).toMatch(
      /On-Demand Standard.*L-1216C47A.*request-service-quota-increase/,
    );
  });

  it("nothing of a cluster of that name may be there", async () => {
    const account = new PaperAccount();
    account.tagged = ["arn:vpc"];
    expect(await refused(account, REAL)).toMatch(
      /already has something of a cluster cloud: arn:vpc.*--clean/,
    );
  });

  it("a dry run tells every command and runs none", async () => {
    const account = new PaperAccount();
    await account.start("cloud --dry-run");
    expect(account.ran).toEqual([]);
    const told = account.said.join("\n");
    for (const part of [
      "pulumi up",
      "pulumi destroy",
      "get-service-quota",
      "get-resources",
      "set protect to false",
    ])
      expect(told).toContain(part);
    expect(fs.existsSync(path.join(folder, "out"))).toBe(false);
  });
});

describe("a run that is cut off", () => {
  it("ends after the command that runs, and a resumed one goes on behind the last step", async () => {
    const account = new PaperAccount();
    account.interruptedAt = "npm run";
    await expect(account.start(REAL)).rejects.toThrow(InterruptedError);
    expect(account.done).toEqual(["pulumi stack", "pulumi up", "pulumi preview", "npm run"]);
    Object.assign(account, { stop: false, interruptedAt: "" });
    account.ran.length = 0;
    await account.start(`${REAL} --resume`);
    expect(account.done.slice(0, 2)).toEqual(["npm run", "kubectl --kubeconfig"]);
    expect(account.done.at(-1)).toBe("pulumi destroy");
  });

  it("is cleaned without a budget", async () => {
    const account = new PaperAccount();
    account.fails = "kubectl";
    await expect(account.start(REAL)).rejects.toThrow(
      "a load balancer and a volume: kubectl ended with status 255",
    );
    account.ran.length = 0;
    await account.start(`cloud --account ${ACCOUNT} --clean`);
    expect(account.done).toEqual(["pulumi up", "pulumi destroy"]);
  });

  it("fails where something stays, and names it", async () => {
    const account = new PaperAccount();
    account.leftFor = 100;
    await expect(account.start(REAL)).rejects.toThrow("left in the account: arn:volume");
  });
});

describe("its words", () => {
  it.each([
    ["", "name the stack"],
    ["dev prod", "one stack at a time"],
    ["dev --budget free", "--budget free"],
    ["dev --budget 0", "--budget 0"],
    ["dev --account 12", "12 digits"],
    ["dev --resume --clean", "not both"],
  ])("refuse %j", (words, text) => {
    expect(() => parseArguments(words.split(" ").filter((word) => word !== ""))).toThrow(text);
  });
});
