// The floors between folders, and what of the product needs no types. Rules that need types are oxlint's (.oxlintrc.json), for tests
// too: its program is made once, and has the compiler's errors as well.
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "out/", "node_modules/", "test/", "**/*.cjs", "**/*.mjs", "**/*.mts"] },
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    // The model is pure: it may be read without Pulumi, on a host or in a browser of settings.
    files: ["model/**/*.ts", "host/**/*.ts"],
    // Types of objects alone, of which nothing is loaded.
    ignores: ["model/core/manifest.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ["@pulumi/*"] }] },
  },
  {
    files: ["model/**/*.ts"],
    ignores: ["model/core/manifest.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: ["@pulumi/*", "**/components/*", "**/host/*", "**/stacks/*", "**/plan/*"] },
      ],
    },
  },
  {
    files: ["components/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ["**/stacks/*", "**/plan/*", "**/policy/*"] }] },
  },
  {
    // Hosts are told what they read, in specifications. Only model/settings/specs.ts makes them of settings.
    files: ["host/**/*.ts", "model/**/*.ts"],
    ignores: ["model/settings/**"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "Identifier[name='ClusterSettings']",
          message: "Take what the function reads: a specification, or an interface beside it.",
        },
      ],
    },
  },
);
