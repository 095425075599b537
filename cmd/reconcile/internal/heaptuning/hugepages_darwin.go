package heaptuning

// reserveHugePages does nothing: only Linux lets a program ask for huge pages.
func reserveHugePages(int) {}
