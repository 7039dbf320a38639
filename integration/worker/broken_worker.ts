// A worker whose module does not load.

throw new SyntaxError("the module does not load");
