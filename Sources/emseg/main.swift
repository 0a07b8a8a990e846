// emseg
