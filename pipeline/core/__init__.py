"""The pure middle: values, time, panes, elements, life cycles, and the ports to the world."""
