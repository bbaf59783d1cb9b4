import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as net from "node:net";
import { cachedFolder } from "../support/cache";
import { run } from "../support/run";
import { ensureTool, formersOf, type Former, type Formers } from "../support/toolchain";
import { daemonRuns, startDaemon, stopDaemon, tailOf } from "./daemon";
import {
  addonImagesRecipe,
  addonReferences,
  ec2ImagesRecipe,
  ec2References,
  formerImagesRecipe,
  formerReferences,
  imageReferences,
  imagesRecipe,
  layOutImage,
} from "./images";
import { labAddress } from "./network";
import { pushImage } from "./ociImage";

/** Port of the registry. */
export const registryPort = 5000;

/** Where hosts find the registry, for every upstream registry: a repository there is the upstream one without its host. */
export const registryUrl = `http://${labAddress}:${registryPort}`;

/** Registries of add-ons' images, served by labs that were made with them. */
export const addonRegistries = ["quay.io", "docker.io"] as const;

/** Configuration of the distribution registry. */
export function registryConfig(options: { storage: string; listen: string; readOnly: boolean }): string {
  const config = {
    version: "0.1",
    log: { level: "info", accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: options.storage },
      maintenance: { readonly: { enabled: options.readOnly }, uploadpurging: { enabled: false } },
    },
    http: { addr: options.listen },
  };
  return JSON.stringify(config, null, 2); // JSON is YAML
}

/**
 * The registry's storage with every image in it, made once for all labs by pushing to its own registry; with the
 * add-ons', the simulated region's or former Kubernetes' images where they are asked for, each in a storage beside the other.
 */
export async function ensureRegistryStorage(
  more: { addons?: boolean; ec2?: boolean } & Formers = {},
): Promise<string> {
  const recipe = await imagesRecipe();
  const base = await cachedFolder("registry", "images", recipe, async (folder) =>
    pushImages(folder, await imageReferences()),
  );
  const formers = formersOf(more);
  if (more.addons && formers.length > 0)
    throw new Error("no suite wants the images of add-ons and older ones");
  if (more.ec2) {
    const all = { base: path.basename(base), ec2: await ec2ImagesRecipe() };
    const ec2 = await cachedFolder("registry", "images-ec2", all, (folder) =>
      beside(base, folder, () => pushImages(folder, ec2References)),
    );
    return more.addons ? withAddons(ec2) : ec2;
  }
  if (more.addons) return withAddons(base);
  let storage = base;
  for (const former of formers) storage = await withFormer(storage, former);
  return storage;
}

async function withFormer(base: string, former: Former): Promise<string> {
  const all = { base: path.basename(base), [former]: await formerImagesRecipe(former) };
  return cachedFolder("registry", `images-${former}`, all, (folder) =>
    beside(base, folder, async () => pushImages(folder, await formerReferences(former), former)),
  );
}

async function withAddons(base: string): Promise<string> {
  const all = { base: path.basename(base), addons: await addonImagesRecipe() };
  return cachedFolder("registry", "images-addons", all, (folder) =>
    beside(base, folder, () => pushImages(folder, addonReferences)),
  );
}

/** Layers never change: links to them take no room. */
async function beside(base: string, folder: string, push: () => Promise<void>): Promise<void> {
  await run(["cp", "-al", `${base}/.`, folder]);
  await push();
}

async function pushImages(folder: string, references: readonly string[], former?: Former): Promise<void> {
  const scratch = `${folder}.scratch`;
  fs.rmSync(scratch, { recursive: true, force: true });
  fs.mkdirSync(scratch);
  try {
    await withRegistry(folder, scratch, async (url) => {
      for (const reference of references) {
        const root = path.join(scratch, "root");
        await pushImage(url, await layOutImage(reference, root, former), scratch);
        fs.rmSync(root, { recursive: true });
      }
    });
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

async function withRegistry(
  storage: string,
  scratch: string,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const listen = `127.0.0.1:${await freePort()}`;
  const file = path.join(scratch, "registry.yml");
  fs.writeFileSync(file, registryConfig({ storage, listen, readOnly: false }));
  const env = { ...process.env, OTEL_TRACES_EXPORTER: "none" };
  const daemon = startDaemon([await ensureTool("registry"), "serve", file], path.join(scratch, "log"), env);
  try {
    const url = `http://${listen}`;
    while (!(await answers(`${url}/v2/`))) {
      if (!daemonRuns(daemon)) throw new Error(`the registry ended\n${tailOf(daemon.log)}`);
      await delay(50);
    }
    await work(url);
  } finally {
    await stopDaemon(daemon);
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
