module sluice/rig/gitserve

go 1.26.0
