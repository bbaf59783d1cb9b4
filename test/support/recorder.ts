export * from "../../testing/recorder";
