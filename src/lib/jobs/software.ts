/** What runs and claims say that they were made with; `tests/unit/software.test.ts` holds it to package.json. */
export const software = 'tabtune 0.1.0';
