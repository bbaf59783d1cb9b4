import type { RenderedFile } from "../renderedFile";

type Section = Readonly<Record<string, string | readonly string[]>>;

type Sections = Readonly<Record<string, Section>>;

/** The text of a file of systemd; a list of values is a key written several times. */
export function systemdText(sections: Sections): string {
  const text = Object.entries(sections).map(([section, keys]) => {
    const lines = Object.entries(keys).flatMap(([key, value]) =>
      (typeof value === "string" ? [value] : value).map((one) => `${key}=${one}\n`),
    );
    return `[${section}]\n${lines.join("")}`;
  });
  return text.join("\n");
}

export function systemdFile(path: string, sections: Sections, mode = "0644"): RenderedFile {
  return { path, content: systemdText(sections), mode };
}

/** @param name a unit, or a drop-in of one: `kubelet.service.d/10-kubeadm.conf` */
export function systemdUnit(name: string, sections: Sections, mode?: string): RenderedFile {
  return systemdFile(`/etc/systemd/system/${name}`, sections, mode);
}

/**
 * A word of `Environment=`: quoted, and `%` doubled, because units expand specifiers (systemd.exec(5), systemd.unit(5)).
 * @throws RangeError on line breaks, which a unit file cannot hold here
 */
export function systemdEnvironment(name: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new RangeError(`${name} cannot hold a line break`);
  const quoted = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%");
  return `"${name}=${quoted}"`;
}
