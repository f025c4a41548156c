using Mayfly.Packages.Archives;

namespace Mayfly.Packages.Debian;

/// <summary>One name that a package brings.</summary>
public sealed record ManifestEntry
{
    /// <summary>Below the root, without a slash at either end: <c>usr/bin/env</c>; empty for the root folder itself.</summary>
    public required string Path { get; init; }

    public required EntryType Type { get; init; }

    /// <summary>The twelve mode bits.</summary>
    public required int Mode { get; init; }

    public int UserId { get; init; }

    public int GroupId { get; init; }

    /// <summary>The owner by name, which stands over the number where the image knows it (tar gives both).</summary>
    public string User { get; init; } = "";

    public string Group { get; init; } = "";

    /// <summary>Whole seconds since 1970.</summary>
    public long Time { get; init; }

    public long Size { get; init; }

    /// <summary>
    /// Of a symbolic link its text as it is (it may be absolute or climb: whoever follows it must stay inside the root); of a
    /// hard link the <see cref="Path"/> of an earlier regular file of the same package.
    /// </summary>
    public string Target { get; init; } = "";

    public int DeviceMajor { get; init; }

    public int DeviceMinor { get; init; }

    /// <summary>The number of its contents below <c>files/</c>, for regular files and for hard links (their target's); otherwise -1.</summary>
    public int Content { get; init; } = -1;

    /// <summary>MD5 of the contents, as dpkg's md5sums and Conffiles use it; empty for everything but regular files.</summary>
    public ReadOnlyMemory<byte> Md5 { get; init; }

    /// <summary>Extended attributes by full name: <c>security.capability</c>.</summary>
    public IReadOnlyDictionary<string, byte[]> Attributes { get; init; } = TarEntry.NoAttributes;

    /// <summary><see cref="Md5"/> as dpkg writes it.</summary>
    public string Md5Text => Convert.ToHexStringLower(Md5.Span);
}
