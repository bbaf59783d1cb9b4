/** The tables of flags and feature gates against the programs themselves. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { FEATURE_GATES } from "../../model/flags/featureGates";
import {
  type Component,
  type FlagKind,
  PROGRAMS,
  covers,
  flagsOf,
  namesWithSpans,
} from "../../model/flags/table";
import { ensureTool, kubernetesVersion } from "../support/toolchain";
import { describeWithEngine } from "./available";

const minor = kubernetesVersion.split(".").slice(0, 2).join(".");

/** The word that `--help` has for a flag's value, and the kind it is of. */
const KINDS: Readonly<Record<string, FlagKind>> = {
  "": "bool",
  int: "int",
  int32: "int",
  float: "float",
  float32: "float",
  duration: "duration",
  strings: "list",
  int32Slice: "list",
  stringArray: "repeated",
  namedCertKey: "repeated",
  stringToString: "repeated",
  mapStringString: "map",
  colonSeparatedMultimapStringString: "map",
};

async function help(component: Component): Promise<string> {
  const done = spawnSync(await ensureTool(PROGRAMS[component]), ["--help"], { encoding: "utf8" });
  expect(done.status, done.stderr).toBe(0);
  return done.stdout;
}

describeWithEngine("flags of Kubernetes' own programs", () => {
  it.each(["apiServer", "controllerManager", "scheduler"] as const)(
    "of the %s are in the table, each with its kind",
    async (component) => {
      const said = [
        ...(await help(component)).matchAll(/^\s+(?:-v, )?--([a-z0-9-]+)(?: ([A-Za-z0-9]+))?(?:\s{2,}|$)/gm),
      ]
        .map(([, name = "", word = ""]) => ({ name, word }))
        .filter(({ name }) => !["help", "version", "v", "vmodule"].includes(name));
      expect(said.length).toBeGreaterThan(50);
      for (const { name, word } of said) {
        const flag = flagsOf(component).get(name);
        expect(flag, name).toBeDefined();
        if (flag === undefined) continue;
        expect(covers(flag, minor), name).toBe(true);
        expect(flag.kind, name).toBe(KINDS[word] ?? "text");
      }
    },
  );

  it.each(["apiServer", "controllerManager", "scheduler"] as const)(
    "of the table are taken by the %s",
    async (component) => {
      const tool = await ensureTool(PROGRAMS[component]);
      const names = [...flagsOf(component)].filter(([, flag]) => covers(flag, minor)).map(([name]) => name);
      // An unknown flag ends the program before it looks at what the others say.
      for (const name of names) {
        const done = spawnSync(tool, [`--${name}=x`, "--no-such-flag=x"], { encoding: "utf8" });
        const [, unknown] = /unknown flag: --([a-z-]+)/.exec(`${done.stdout}${done.stderr}`) ?? [];
        expect([undefined, "no-such-flag"], name).toContain(unknown);
      }
    },
  );

  it("know the feature gates of the table", async () => {
    const gates = namesWithSpans(FEATURE_GATES);
    const said = [...(await help("apiServer")).matchAll(/(?:kube:)?(\w+)=true\|false \((?:ALPHA|BETA)/g)].map(
      ([, name = ""]) => name,
    );
    expect(said.length).toBeGreaterThan(100);
    expect(said.filter((name) => !covers(gates.get(name) ?? { since: "1.99" }, minor))).toEqual([]);
  });
});
