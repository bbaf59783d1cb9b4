/**
 * A provider of nobody's cloud. Its one resource is a server as hcloud, DigitalOcean or Proxmox have it: where it is and
 * which host key it has is known once it is made. Another image is another server.
 */
import { detailedDiff, withReplaces } from "../shared/diff";
import type {
  CheckResult,
  CreateRequest,
  DiffRequest,
  DiffResult,
  StandIn,
  UpdateRequest,
} from "../shared/provider";
import { serve } from "../shared/serve";
import { textOf, unknown, type Values } from "../shared/values";

/** What the cloud gives a server is what the test says that it gives. */
function outputsOf(inputs: Values, preview: boolean): Values {
  const { givenAddress = null, givenHostKey = null } = inputs;
  return preview
    ? { ...inputs, ipv4Address: unknown, sshHostKey: unknown }
    : { ...inputs, ipv4Address: givenAddress, sshHostKey: givenHostKey };
}

class CloudStandIn implements StandIn {
  readonly version = "1.0.0";

  check({ news }: { readonly news: Values }): CheckResult {
    return { inputs: news };
  }

  diff({ oldInputs, news }: DiffRequest): DiffResult {
    return { detailed: withReplaces(detailedDiff(oldInputs, news), ["image"]) };
  }

  create({ name, properties, preview }: CreateRequest): { id: string; properties: Values } {
    return {
      id: preview ? "" : `${name}-${textOf(properties["image"])}`,
      properties: outputsOf(properties, preview),
    };
  }

  update({ news, preview }: UpdateRequest): Values {
    return outputsOf(news, preview);
  }

  delete(): void {
    // There never was one.
  }
}

void serve(() => new CloudStandIn());
