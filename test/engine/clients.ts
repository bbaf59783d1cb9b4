/**
 * The clients of an engine that the SDK makes in this process, kept apart from each other.
 *
 * gRPC shares connections by address within a process, failed ones too, and with an inline program the SDK closes none
 * of its clients when an operation ends (@pulumi/pulumi 3.248.0, runtime/settings.js, disconnectSync). A client that
 * asks after the end of its engine so leaves a failed connection behind, and when a later engine happens to listen on
 * that port, its first request fails at once: "No connection established. Last error: null".
 */
import * as settings from "@pulumi/pulumi/runtime/settings";

/** What the SDK gives each client; its types leave it out. */
const { grpcClientOptions } = settings as unknown as { readonly grpcClientOptions: Record<string, unknown> };

export function keepClientsApart(): void {
  grpcClientOptions["grpc.use_local_subchannel_pool"] = 1;
}
