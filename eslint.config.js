import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default ts.config(
  { ignores: ['build/', '.svelte-kit/', 'node_modules/', 'static/', 'tests/goldens/', 'tests/fixtures/'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      // TypeScript knows what is defined, globals of workers and WebGPU included.
      'no-undef': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
      'no-console': 'error',
      // The same words and numbers on every machine, and no name of a locale that Intl throws at.
      'no-restricted-syntax': [
        'error',
        ...[
          'CallExpression[callee.property.name="localeCompare"][arguments.length<2]',
          'CallExpression[callee.property.name=/^toLocale.*String$/][arguments.length=0]',
          'NewExpression[callee.object.name="Intl"][arguments.length=0]',
          'NewExpression[callee.object.name="Intl"] > Identifier.arguments[name="undefined"]',
          'MemberExpression[object.name="navigator"][property.name=/^languages?$/]'
        ].map((selector) => ({ selector, message: 'Name the locale; of a reader, browserLocale gives it.' }))
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }]
    }
  },
  {
    files: ['src/**/*.ts', 'tests/**/*.ts', 'vite.config.ts'],
    ignores: ['**/*.svelte.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true }
      ]
    }
  },
  {
    // Commands talk to a terminal: stdout is their answer.
    files: ['src/cli/**', 'tools/**'],
    rules: { 'no-console': 'off' }
  },
  {
    files: ['src/app.d.ts'],
    rules: { '@typescript-eslint/no-empty-object-type': 'off' }
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } }
  }
);
