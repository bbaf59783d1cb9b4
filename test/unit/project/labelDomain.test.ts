import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LABEL_DOMAIN } from "../../../model/core/labelDomain";

it("labels are under the domain of whoever owns the repository", () => {
  const { repository } = JSON.parse(readFileSync(join(__dirname, "../../../package.json"), "utf8")) as {
    repository: { url: string };
  };
  const [, owner] = /github\.com\/([^/]+)\//.exec(repository.url) ?? [];
  expect(LABEL_DOMAIN).toBe(`${owner}.github.io`);
});
