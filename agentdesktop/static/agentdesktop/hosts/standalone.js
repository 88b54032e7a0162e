// The desktop in a window of its own: records are offered as links, because only a click may open a tab.

export const ready = async () => ({});

export const screenPop = () => false;

export const onClickToDial = () => {};

export const show = () => {};

export const resize = () => {};
