/** The worker half of pdf.js, which registers itself where it is loaded. It comes without types. */
declare module 'pdfjs-dist/legacy/build/pdf.worker.mjs';
