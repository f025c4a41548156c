using System.Formats.Tar;
using System.Text;
using CsCheck;
using Mayfly.Packages.Archives;
using static Mayfly.Packages.Tests.Archives.ArchiveBuilder;

namespace Mayfly.Packages.Tests.Archives;

public sealed class TarReaderTests
{
    private static readonly string Long = string.Join('/', Enumerable.Repeat("a-rather-long-folder-name", 12));

    [Theory]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.V7)]
    public void Every_format_of_the_platforms_writer_is_read(TarEntryFormat format)
    {
        var tar = Written(format, writer =>
        {
            writer.WriteEntry(Make("dir/", TarEntryType.Directory));
            writer.WriteEntry(Make("dir/file", format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, contents: "hello"));
            var link = Make("dir/link", TarEntryType.SymbolicLink);
            link.LinkName = "../else/where";
            writer.WriteEntry(link);
            var hard = Make("dir/hard", TarEntryType.HardLink);
            hard.LinkName = "dir/file";
            writer.WriteEntry(hard);
        });

        var read = Read(tar);

        Assert.Equal(
            [("dir/", EntryType.Directory, "", ""), ("dir/file", EntryType.File, "", "hello"), ("dir/link", EntryType.SymbolicLink, "../else/where", ""), ("dir/hard", EntryType.HardLink, "dir/file", "")],
            read.Select(static one => (one.Entry.Name, one.Entry.Type, one.Entry.Target, one.Text)));
        Assert.All(read, static one => Assert.Equal((0b110_100_000, 17, 42, 1_600_000_000L), (one.Entry.Mode, one.Entry.UserId, one.Entry.GroupId, one.Entry.Time)));

        System.Formats.Tar.TarEntry Make(string name, System.Formats.Tar.TarEntryType type, string? contents = null)
        {
            System.Formats.Tar.TarEntry entry = format switch
            {
                TarEntryFormat.Ustar => new UstarTarEntry(type, name),
                TarEntryFormat.Pax => new PaxTarEntry(type, name),
                TarEntryFormat.Gnu => new GnuTarEntry(type, name),
                _ => new V7TarEntry(type, name),
            };
            (entry.Mode, entry.Uid, entry.Gid) = ((UnixFileMode)0b110_100_000, 17, 42);
            entry.ModificationTime = DateTimeOffset.FromUnixTimeSeconds(1_600_000_000);
            if (contents is not null)
                entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(contents));
            return entry;
        }
    }

    [Theory]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    public void Long_names_and_targets_are_read(TarEntryFormat format)
    {
        var tar = Written(format, writer =>
        {
            System.Formats.Tar.TarEntry entry = format == TarEntryFormat.Pax
                ? new PaxTarEntry(TarEntryType.SymbolicLink, Long + "/ü") { LinkName = Long }
                : new GnuTarEntry(TarEntryType.SymbolicLink, Long + "/ü") { LinkName = Long };
            writer.WriteEntry(entry);
        });

        var entry = Assert.Single(Read(tar)).Entry;

        Assert.Equal((Long + "/ü", Long), (entry.Name, entry.Target));
    }

    [Fact]
    public void Attributes_come_with_their_bytes_and_stay_with_their_entry()
    {
        var tar = Tar(Pax(("SCHILY.xattr.security.capability", "\x01\x02"), ("mtime", "-1.5"), ("uid", "3000000")), File("a", "x"), File("b", "y"));

        var (first, second) = (Read(tar)[0].Entry, Read(tar)[1].Entry);

        Assert.Equal([1, 2], first.Attributes["security.capability"]);
        Assert.Equal((-2, 3_000_000), (first.Time, first.UserId));
        Assert.Empty(second.Attributes);
        Assert.Equal(1_700_000_000, second.Time);
    }

    [Fact]
    public void A_size_in_base_256_is_read() =>
        Assert.Equal("abc", Read(Tar(Entry('0', "a", contents: "abc"u8.ToArray(), sizeField: "\u0080\0\0\0\0\0\0\0\0\0\0\u0003")))[0].Text);

    public static TheoryData<string, byte[]> Damaged => new()
    {
        { "cut short", [] },
        { "cut short", File("a", "text")[..512] },
        { "cut short", File("a", "text") },
        { "checksum", [.. "X"u8, .. Tar(File("a", "text"))[1..]] },
        { "is absurd", Tar(Entry('0', "a", sizeField: "\u0080\0\0\u0001\0\0\0\0\0\0\0\u0003")) },
        { "negative", Tar(Entry('0', "a", sizeField: "\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")) },
        { "no number", Tar(Entry('0', "a", sizeField: "12x")) },
        { "refused", Tar(Entry('L', "a", size: 1L << 30)) },
        { "refused", Tar(Entry('x', "a", size: 1L << 30)) },
        { "kind that is not supported", Tar(Entry('S', "sparse")) },
        { "pax header is damaged", Tar(Entry('x', "pax", contents: "999 path=x\n"u8.ToArray()), File("a", "")) },
        { "pax header is damaged", Tar(Entry('x', "pax", contents: "5 a\n\n"u8.ToArray()), File("a", "")) },
        { "NUL", Tar(Pax(("path", "a\0b")), File("a", "")) },
        { "sparse", Tar(Pax(("GNU.sparse.major", "1")), File("a", "")) },
        { "two extended headers", Tar(Pax(("path", "a")), Pax(("mtime", "1")), File("x", "")) },
        { "two extended headers", Tar(Entry('L', "l", contents: "a\0"u8.ToArray()), Entry('L', "l", contents: "b\0"u8.ToArray()), File("x", "")) },
        { "after an extended header", Tar(Pax(("path", "a"))) },
        { "no number", Tar(Pax(("size", "many")), File("a", "")) },
        { "absurdly large", Tar([.. Enumerable.Range(0, 3).Select(static n => Global(Pax(($"SCHILY.xattr.user.{n}", new string('x', 500_000))))), File("a", "")]) },
        { "UTF-8", Tar(Pax(("path", "x")), Entry('0', "a"), BadName()) },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Damage_is_refused(string because, byte[] tar) =>
        Assert.Contains(because, Assert.Throws<ArchiveException>(() => Read(tar)).Message, StringComparison.Ordinal);

    [Fact]
    public void Whatever_bytes_are_changed_only_refusals_come_out()
    {
        byte[] good = Tar(Folder("./usr/"), Pax(("path", "usr/ü"), ("size", "4")), File("x", "text"), Entry('L', "l", contents: new byte[300]), Link("a", "b"), HardLink("c", "a"));
        Gen.Select(Gen.Int[0, good.Length - 1].Array[1, 12], Gen.Byte.Array[12], Gen.Int[0, good.Length * 2]).Sample(
            (places, values, cut) =>
            {
                var bytes = good.ToArray();
                for (var at = 0; at < places.Length; at++)
                    bytes[places[at]] = values[at];
                try
                {
                    Read(bytes[..Math.Min(cut, bytes.Length)], repairSums: true);
                }
                catch (ArchiveException)
                {
                }
            },
            iter: 20_000, seed: "0000KOIPe003");
    }

    private static byte[] Global(byte[] pax)
    {
        pax[156] = (byte)'g';
        return WithSum(pax);
    }

    private static byte[] BadName()
    {
        var entry = Entry('0', "bad");
        entry[0] = 0xFF;
        return WithSum(entry);
    }

    /// <summary>Makes every header's checksum right again, so that fuzzing gets past it.</summary>
    private static byte[] WithSum(byte[] tar)
    {
        for (var block = 0; block + 512 <= tar.Length; block += 512)
        {
            if (!tar.AsSpan(block + 257, 5).SequenceEqual("ustar"u8))
                continue;
            tar.AsSpan(block + 148, 8).Fill((byte)' ');
            var sum = 0;
            for (var at = 0; at < 512; at++)
                sum += tar[block + at];
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0").CopyTo(tar, block + 148);
        }

        return tar;
    }

    private static List<(Mayfly.Packages.Archives.TarEntry Entry, string Text)> Read(byte[] tar, bool repairSums = false)
    {
        var reader = new Mayfly.Packages.Archives.TarReader(new MemoryStream(repairSums ? WithSum(tar) : tar));
        var entries = new List<(Mayfly.Packages.Archives.TarEntry, string)>();
        var buffer = new byte[7];
        while (reader.Next() is { } entry)
        {
            var text = new StringBuilder();
            for (int read; (read = reader.Read(buffer)) > 0;)
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            entries.Add((entry, text.ToString()));
        }

        return entries;
    }
}
