namespace Mayfly.Linux;

/// <summary>A file that other trees may have too: it has several names, and nobody may write it.</summary>
public static class SharedFile
{
    private const int AnyWrite = 0b010_010_010, OwnerWrite = 0b010_000_000;

    /// <param name="links">How many names a regular file has.</param>
    /// <param name="mode">Its mode.</param>
    public static bool Is(long links, int mode) => links > 1 && (mode & AnyWrite) == 0;

    /// <summary>The mode of a copy of it that is its owner's alone.</summary>
    public static int Apart(int mode) => mode | OwnerWrite;
}
