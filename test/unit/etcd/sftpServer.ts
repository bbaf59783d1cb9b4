import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { Server, utils, type FileEntry, type SFTPWrapper } from "ssh2";
import { newKey, type KeyPair } from "../../support/sshKey";

const { STATUS_CODE, flagsToString } = utils.sftp;

/** An SSH server on loopback that takes one key, offers SFTP below a folder, and no shell. */
export class SftpServer {
  readonly hostKey: KeyPair = newKey();
  readonly userKey: KeyPair = newKey();
  private readonly server: Server;
  private readonly sockets = new Set<{ end(): unknown }>();

  constructor(private readonly root: string) {
    this.server = new Server({ hostKeys: [this.hostKey.private] }, (client) => {
      this.sockets.add(client);
      client.on("error", () => undefined);
      client.on("authentication", (ask) => {
        const allowed = utils.parseKey(this.userKey.public);
        if (ask.method !== "publickey" || allowed instanceof Error || ask.username !== "backup")
          return ask.reject(["publickey"]);
        const same = allowed.getPublicSSH().equals(ask.key.data);
        const signed =
          ask.signature === undefined ||
          allowed.verify(ask.blob ?? Buffer.alloc(0), ask.signature, ask.hashAlgo);
        return same && signed === true ? ask.accept() : ask.reject(["publickey"]);
      });
      client.on("session", (accept) => accept().on("sftp", (open) => this.serve(open())));
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", () => resolve()));
    return (this.server.address() as net.AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.end();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private serve(sftp: SFTPWrapper): void {
    const handles = new Map<number, { fd?: number; entries?: string[]; folder?: string }>();
    let next = 0;
    const at = (given: string): string => path.join(this.root, path.resolve("/", given));
    const open = (of: { fd?: number; entries?: string[]; folder?: string }): Buffer => {
      handles.set((next += 1), of);
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(next);
      return handle;
    };
    const of = (handle: Buffer) => handles.get(handle.readUInt32BE()) ?? {};
    /** Answers with the code of what went wrong, or that all is well. */
    const attempt = (id: number, work: () => void): void => {
      try {
        work();
      } catch (error) {
        const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
        sftp.status(id, missing ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE);
      }
    };
    const well = (id: number): void => sftp.status(id, STATUS_CODE.OK);
    const attributes = (file: string) => {
      const { mode, uid, gid, size, atimeMs, mtimeMs } = fs.statSync(file);
      return { mode, uid, gid, size, atime: Math.round(atimeMs / 1_000), mtime: Math.round(mtimeMs / 1_000) };
    };
    // A client that is done waits for the other side.
    sftp.on("end", () => sftp.end());
    sftp.on("REALPATH", (id, given) =>
      sftp.name(id, [
        { filename: path.resolve("/", given), longname: "", attrs: {} } as unknown as FileEntry,
      ]),
    );
    for (const ask of ["STAT", "LSTAT"] as const)
      sftp.on(ask, (id: number, given: string) => attempt(id, () => sftp.attrs(id, attributes(at(given)))));
    sftp.on("MKDIR", (id, given) => attempt(id, () => (fs.mkdirSync(at(given)), well(id))));
    sftp.on("REMOVE", (id, given) => attempt(id, () => (fs.unlinkSync(at(given)), well(id))));
    sftp.on("RENAME", (id, from, to) => attempt(id, () => (fs.renameSync(at(from), at(to)), well(id))));
    sftp.on("EXTENDED", (id) => sftp.status(id, STATUS_CODE.OP_UNSUPPORTED));
    sftp.on("SETSTAT", (id, given, attrs) =>
      attempt(id, () => {
        if (attrs.mode !== undefined) fs.chmodSync(at(given), attrs.mode & 0o777);
        well(id);
      }),
    );
    sftp.on("FSETSTAT", (id) => well(id));
    sftp.on("OPEN", (id, given, flags) =>
      attempt(id, () =>
        sftp.handle(id, open({ fd: fs.openSync(at(given), flagsToString(flags) ?? "r", 0o600) })),
      ),
    );
    sftp.on("FSTAT", (id, handle) =>
      attempt(id, () => sftp.attrs(id, attributes(`/proc/self/fd/${of(handle).fd}`))),
    );
    sftp.on("READ", (id, handle, offset, length) =>
      attempt(id, () => {
        const data = Buffer.alloc(length);
        const read = fs.readSync(of(handle).fd ?? -1, data, 0, length, offset);
        if (read === 0) sftp.status(id, STATUS_CODE.EOF);
        else sftp.data(id, data.subarray(0, read));
      }),
    );
    sftp.on("WRITE", (id, handle, offset, data) =>
      attempt(id, () => (fs.writeSync(of(handle).fd ?? -1, data, 0, data.length, offset), well(id))),
    );
    sftp.on("OPENDIR", (id, given) =>
      attempt(id, () =>
        sftp.handle(id, open({ entries: [".", "..", ...fs.readdirSync(at(given))], folder: at(given) })),
      ),
    );
    sftp.on("READDIR", (id, handle) => {
      const { entries = [], folder = "" } = of(handle);
      if (entries.length === 0) return sftp.status(id, STATUS_CODE.EOF);
      const names = entries.splice(0).map((filename) => ({
        filename,
        longname: filename,
        attrs: attributes(path.join(folder, filename)),
      }));
      return sftp.name(id, names);
    });
    sftp.on("CLOSE", (id, handle) =>
      attempt(id, () => {
        const { fd } = of(handle);
        if (fd !== undefined) fs.closeSync(fd);
        handles.delete(handle.readUInt32BE());
        well(id);
      }),
    );
  }
}
