import type { PlanDocument } from "../document";
import { html, type Markup } from "./markup";

/** Hosts whose files are listed; more are counted. */
const MOST_HOSTS = 40;

/** Every file beside the page, by its folder, as a link. */
export function fileList({ files }: PlanDocument): Markup {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const folder = /^(nodes\/[^/]+|manifests)\//.exec(file)?.[1];
    if (folder !== undefined) folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  const hosts = [...folders].filter(([folder]) => folder !== "manifests");
  const manifests = [...folders].filter(([folder]) => folder === "manifests");
  const more = hosts.length - MOST_HOSTS;
  return html`<p class="lead">
      What each machine gets is in <code>nodes/</code>, what goes into the cluster in <code>manifests/</code>,
      and everything in <a href="plan.json">plan.json</a>. None of it holds a secret.
    </p>
    ${[...hosts.slice(0, MOST_HOSTS), ...manifests].map(folderList)}
    ${more > 0 && html`<p class="soft">And ${more} more machines, in <code>nodes/</code>.</p>`}`;
}

function folderList([folder, files]: readonly [string, readonly string[]]): Markup {
  const href = (file: string) => file.split("/").map(encodeURIComponent).join("/");
  return html`<details>
    <summary>${folder} <span class="soft">${files.length} files</span></summary>
    <ul class="files">
      ${files.map((file) => html`<li><a class="mono" href="${href(file)}">${file.slice(folder.length + 1)}</a></li> `)}
    </ul>
  </details>`;
}
