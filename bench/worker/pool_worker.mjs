// What piscina and tinypool run.

export default (value) => value;
