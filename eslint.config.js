import { defineConfig } from 'eslint/config';
import js from '@eslint/js';
import typescript from 'typescript-eslint';

const scripts = ['**/*.{js,mjs,cjs}'];

/** Nothing in protocol, engine and dagLayout may depend on when, where or in which language it runs. */
const pure = {
  files: ['src/protocol/**/*.ts', 'src/engine/**/*.ts', 'src/dagLayout/**/*.ts'],
  rules: {
    'no-restricted-globals': [
      'error',
      { name: 'Date', message: 'Time comes in with the input.' },
      { name: 'performance', message: 'Time comes in with the input.' },
      { name: 'crypto', message: 'Randomness comes in with the input.' },
      { name: 'Intl', message: 'Results must not depend on a locale.' },
      { name: 'process', message: 'this layer performs no I/O.' },
      { name: 'console', message: 'this layer performs no I/O.' },
    ],
    'no-restricted-properties': [
      'error',
      { object: 'Math', property: 'random', message: 'Randomness comes in with the input.' },
      ...['localeCompare', 'toLocaleLowerCase', 'toLocaleUpperCase', 'toLocaleString'].map(property => ({
        property,
        message: 'Results must not depend on a locale.',
      })),
    ],
    'no-restricted-imports': [
      'error',
      {
        patterns: [{ group: ['node:*', 'fs', 'path', 'crypto'], message: 'this layer performs no I/O.' }],
      },
    ],
  },
};

export default defineConfig(
  {
    ignores: [
      '**/node_modules/',
      '.venv/',
      'build/',
      'dist/',
      'lib/',
      'demo/',
      'test/corpus/',
      'test/fixtures/',
      'jupyterlab_dagpy/',
    ],
  },
  js.configs.recommended,
  typescript.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024 },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 500, skipBlankLines: false, skipComments: false }],
      'prefer-const': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,tsx}', 'test/**/*.ts', 'ui-tests/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: scripts,
    languageOptions: {
      globals: Object.fromEntries(
        `AbortController AbortSignal Buffer TextDecoder TextEncoder URL __dirname __filename clearInterval clearTimeout
        console exports fetch globalThis module performance process queueMicrotask require setImmediate setInterval
        setTimeout structuredClone`
          .split(/\s+/)
          .map(name => [name, 'readonly']),
      ),
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off', 'no-var': 'off' } },
  pure,
);
