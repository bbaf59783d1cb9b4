import type { RenderedFile } from "../renderedFile";

type Section = Readonly<Record<string, string | readonly string[]>>;

/** A systemd unit below /etc/systemd/system; a list of values is a key written several times. */
export function systemdUnit(name: string, sections: Readonly<Record<string, Section>>): RenderedFile {
  const text = Object.entries(sections).map(([section, keys]) => {
    const lines = Object.entries(keys).flatMap(([key, value]) =>
      (typeof value === "string" ? [value] : value).map((one) => `${key}=${one}\n`),
    );
    return `[${section}]\n${lines.join("")}`;
  });
  return { path: `/etc/systemd/system/${name}`, content: text.join("\n"), mode: "0644" };
}
