namespace Mayfly.Packages.Archives;

/// <summary>How much an archive may have when it is unpacked. Deflate reaches 1,032 times what it has, and what people pack so stays below 20 times; what is beyond this is made to fill a disk.</summary>
internal static class Swelling
{
    private const int MostTimes = 200;

    /// <summary>Small archives may do what they like: that fills nothing.</summary>
    private const long Little = 64 << 20;

    /// <param name="packed">Bytes of the archive.</param>
    public static long Most(long packed) => Math.Max(Little, packed > long.MaxValue / MostTimes ? long.MaxValue : packed * MostTimes);

    public static ArchiveException Refusal() => new($"unpacked it would have more than {MostTimes} times its bytes, as nothing has but what is made to fill a disk");
}
