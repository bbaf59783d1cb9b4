/**
 * Stand-in for the Pulumi provider `tls` 5.6.1 (github.com/pulumi/pulumi-tls), which is hashicorp/terraform-provider-tls
 * behind Pulumi's bridge. Paths in comments are relative to internal/provider/ of terraform-provider-tls.
 *
 * Left out:
 * - the functions `getCertificate` and `getPublicKey`, and the provider's settings (`proxy`);
 * - write-only arguments (`privateKeyPemWo`, `caPrivateKeyPemWo` and their versions): refused;
 * - certificates of P-224 keys, which WebCrypto does not know (such keys themselves are made): refused;
 * - upgrades of state written by older versions, and imports;
 * - the wording of refused arguments: the same arguments are refused, with text of our own;
 * - the bridge's own entries in the state (`__meta`, `__pulumi_raw_state_delta`), and its second, `[ERROR]` form of errors;
 * - fractions of a second below milliseconds in `validityStartTime` and `validityEndTime`, and zones other than UTC.
 */
import { serve } from "../shared/serve";
import { TlsStandIn } from "./resource";

void serve(() => new TlsStandIn());
