using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Mayfly.Images.Layers;
using Mayfly.Linux;

namespace Mayfly.Images.Building;

/// <summary>
/// The C library's archive of locales with the one locale that scripts run in. Almost every program loads it when it starts: twelve files to be found, opened and
/// mapped, or one archive. Installing packages starts thousands of programs, and a sixth of the time of a small one was that.
/// </summary>
/// <remarks>The form is that of glibc's <c>locale/locarchive.h</c>, the same since 2002. It is only there while packages are installed, and no part of a layer.</remarks>
internal static class LocaleArchive
{
    private const string Name = "locale-archive", Path = $"usr/lib/locale/{Name}", Locale = "C.utf8", Folder = $"usr/lib/locale/{Locale}";

    private const string Known = $"{ByteCompilation.Folder}/{Name}";

    /// <summary>For localedef, which adds locales to the archive that it finds, and must not find this one.</summary>
    public const string Without = $"if cmp -s /{Known} /{Path}; then rm /{Path}; fi";

    /// <summary>For locale-gen, which removes whatever archive there is before it calls localedef for each locale of a list, and the list is mostly empty.</summary>
    public const string Again = $"""
        /usr/sbin/locale-gen{StandIns.Real} "$@" || exit
        if [ ! -e /{Path} ] && [ -e /{Known} ]; then cp /{Known} /{Path}; fi
        exit 0
        """;

    private const uint Magic = 0xde020109;

    /// <summary>The header's 14 numbers; a name's entry has 3, a locale's 1 and 2 for each category, a sum's 4 and 1.</summary>
    private const int HeaderSize = 14 * 4, NameSize = 3 * 4, LocaleSize = (1 + 2 * 13) * 4, SumSize = 5 * 4;

    /// <summary>A table must have at least three places, for the step from one to the next is the hash modulo its size less two.</summary>
    private const int Places = 7;

    /// <summary>Larger than what any program reads of a category at once.</summary>
    private const int Alignment = 16;

    /// <summary>By their numbers in <c>locale.h</c>; the sixth stands for all.</summary>
    private static readonly string[] Categories =
    [
        "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES/SYS_LC_MESSAGES", "",
        "LC_PAPER", "LC_NAME", "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION",
    ];

    /// <summary>Puts it into the shims' layer, where the image has that locale in files and no archive of its own.</summary>
    /// <param name="folder">The layer that lies over all others.</param>
    /// <param name="layers">What it lies over, lowest first.</param>
    /// <param name="kept">A file of this build that has it since the first time; packages are not replaced while one layer is made, and so not the locale.</param>
    public static void Make(string folder, IReadOnlyList<string> layers, string kept)
    {
        if (LayerTree.Find(layers, Path) is not null)
            return;
        if (!File.Exists(kept))
        {
            string?[] files = [.. Categories.Select(category => category.Length > 0 ? Shims.Find(layers, $"{Folder}/{category}") : "")];
            if (files.Contains(null))
                return;
            File.WriteAllBytes(kept, Of([.. files.Select(static file => file!.Length > 0 ? File.ReadAllBytes(file) : [])]));
            Files.ChangeMode(kept, 0x1a4);
        }

        foreach (var path in (ReadOnlySpan<string>)[Path, Known])
        {
            LayerTree.MakeFolder(folder, System.IO.Path.GetDirectoryName(path)!);
            Files.Link(kept, $"{folder}/{path}");
        }
    }

    /// <param name="contents">Of each category, by its number.</param>
    private static byte[] Of(IReadOnlyList<byte[]> contents)
    {
        var name = Encoding.ASCII.GetBytes($"{Locale}\0");
        const int Names = HeaderSize, Strings = Names + Places * NameSize;
        var locales = Aligned(Strings + name.Length);
        var sums = locales + LocaleSize;
        var at = Aligned(sums + Places * SumSize);
        var archive = new byte[at + contents.Sum(static part => Aligned(part.Length))];
        Numbers(0, Magic, 0, Names, 1, Places, Strings, (uint)name.Length, (uint)name.Length, (uint)locales, 1, 1, (uint)sums, 0, Places);
        var hash = HashOf(name.AsSpan(..^1));
        Numbers(Names + (int)(hash % Places) * NameSize, hash, Strings, (uint)locales);
        name.CopyTo(archive, Strings);
        Numbers(locales, 1);
        for (var category = 0; category < contents.Count; category++)
        {
            Numbers(locales + 4 + category * 8, (uint)at, (uint)contents[category].Length);
            contents[category].CopyTo(archive, at);
            at += Aligned(contents[category].Length);
        }

        return archive;

        static int Aligned(int size) => (size + Alignment - 1) / Alignment * Alignment;

        void Numbers(int offset, params ReadOnlySpan<uint> numbers)
        {
            foreach (var number in numbers)
            {
                // It is in the machine's own order, and every architecture that Mayfly runs on has this one.
                BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(offset), number);
                offset += 4;
            }
        }
    }

    private static uint HashOf(ReadOnlySpan<byte> name)
    {
        var hash = (uint)name.Length;
        foreach (var letter in name)
            hash = BitOperations.RotateLeft(hash, 9) + letter;
        return hash == 0 ? uint.MaxValue : hash;
    }
}
