module.exports = {
  extends: "solhint:recommended",
  rules: {
    "code-complexity": ["error", 9],
    "func-visibility": ["error", { ignoreConstructors: true }],
    // Documentation is said once, in the interfaces; the contracts refer to it by @inheritdoc.
    "use-natspec": "off",
    // Packed storage and code-stored tables need assembly; each block is commented.
    "no-inline-assembly": "off",
    // Named like the getters that they make, as in the interface.
    "immutable-vars-naming": "off",
    // Bounds are inclusive where the domain says so; measured gas decides, not a rule of thumb.
    "gas-strict-inequalities": "off",
    "gas-indexed-events": "off",
    "gas-struct-packing": "off",
    "gas-small-strings": "off",
    "gas-increment-by-one": "off",
  },
};
