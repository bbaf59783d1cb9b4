/** A bucket inside a lab's network, told by its parent process what to do (`bucket.ts`). */
import { S3Server } from "../support/s3Server";
import type { BucketCommand, BucketReport, BucketStart } from "./bucket";

const { bucket, region, keys, tls, address, port } = JSON.parse(process.argv[2] ?? "{}") as BucketStart;
let server = new S3Server(bucket, region, keys, tls);

function report(): BucketReport {
  const { objects, refused, cuts } = server;
  const sizes = Object.fromEntries([...objects].map(([name, { length }]) => [name, length]));
  const text = Buffer.concat([...objects.values()]).toString("latin1");
  return { sizes, refused: refused.splice(0), cuts, text };
}

async function obey({ away, ...changes }: BucketCommand): Promise<BucketReport> {
  if (away === true) await server.close();
  else if (away === false) {
    const { objects } = server;
    server = new S3Server(bucket, region, server.keys, tls);
    for (const [name, body] of objects) server.objects.set(name, body);
    await server.listen(address, port);
  }
  Object.assign(server, changes);
  return report();
}

process.on("message", (command: BucketCommand) => {
  void obey(command).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit(0));
void server.listen(address, port).then(() => process.send?.(report()));
