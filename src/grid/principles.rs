//! The four principles (全域覆盖, 无缝衔接, 规模适当, 规范完整) as checks over a district.
