using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>Whose turn comes when others want the processor too, setpriority(2).</summary>
public static partial class Priority
{
    private const int OfProcess = 0, Lowest = 19;

    /// <summary>The calling thread, and the threads and programs that it starts from now on, let everybody else go first. There is no way back.</summary>
    public static void Yield()
    {
        // On Linux this means the calling thread (setpriority(2), "C library/kernel differences"). Who may not still works, only not as meekly.
        _ = setpriority(OfProcess, 0, Lowest);
    }

    [LibraryImport("libc")]
    private static partial int setpriority(int which, uint who, int value);
}
