// Loaded into a measured process: says at its end, on file descriptor 3, what it took.
const fs = require("node:fs");

process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const seconds = (userCPUTime + systemCPUTime) / 1e6;
  fs.writeSync(3, JSON.stringify({ cpuSeconds: seconds, peakMebibytes: maxRSS / 1024 }));
});
