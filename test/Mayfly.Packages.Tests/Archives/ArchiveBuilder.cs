using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Mayfly.Packages.Tests.Archives;

/// <summary>Makes tar and .deb files byte by byte, also such as no honest tool would.</summary>
internal static class ArchiveBuilder
{
    public static byte[] Deb(byte[] data, byte[]? control = null) => Ar(
        ("debian-binary", "2.0\n"u8.ToArray()),
        ("control.tar.gz", Gzip(control ?? Tar(File("./control", "Package: test\n")))),
        ("data.tar.gz", Gzip(data)));

    public static byte[] Ar(params (string Name, byte[] Bytes)[] members)
    {
        var output = new MemoryStream();
        output.Write("!<arch>\n"u8);
        foreach (var (name, bytes) in members)
        {
            output.Write(Encoding.ASCII.GetBytes($"{name,-16}{0,-12}{0,-6}{0,-6}{"100644",-8}{bytes.Length,-10}`\n"));
            output.Write(bytes);
            if (bytes.Length % 2 == 1)
                output.WriteByte((byte)'\n');
        }

        return output.ToArray();
    }

    public static byte[] Gzip(byte[] bytes)
    {
        var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return output.ToArray();
    }

    public static byte[] Tar(params byte[][] entries) => [.. entries.SelectMany(static entry => entry), .. new byte[1024]];

    public static byte[] File(string name, string text) => Entry('0', name, contents: Encoding.UTF8.GetBytes(text));

    public static byte[] Folder(string name) => Entry('5', name, mode: 0b111_101_101);

    public static byte[] Link(string name, string target) => Entry('2', name, target);

    public static byte[] HardLink(string name, string target) => Entry('1', name, target);

    public static byte[] Pax(params (string Key, string Value)[] records)
    {
        var text = string.Concat(records.Select(static record =>
        {
            var rest = $" {record.Key}={record.Value}\n";
            var length = Encoding.UTF8.GetByteCount(rest);
            var digits = length.ToString(CultureInfo.InvariantCulture).Length;
            if ((length + digits).ToString(CultureInfo.InvariantCulture).Length != digits)
                digits++;
            return $"{length + digits}{rest}";
        }));
        return Entry('x', "pax", contents: Encoding.UTF8.GetBytes(text));
    }

    public static byte[] Entry(
        char type, string name, string target = "", byte[]? contents = null, long? size = null, int mode = 0b110_100_100, string sizeField = "")
    {
        contents ??= [];
        var header = new byte[512];
        Put(0, 100, Encoding.UTF8.GetBytes(name));
        Put(100, 8, Octal(mode, 7));
        Put(108, 8, Octal(0, 7));
        Put(116, 8, Octal(0, 7));
        Put(124, 12, sizeField.Length > 0 ? Encoding.Latin1.GetBytes(sizeField) : Octal(size ?? contents.Length, 11));
        Put(136, 12, Octal(1_700_000_000, 11));
        header[156] = (byte)type;
        Put(157, 100, Encoding.UTF8.GetBytes(target));
        Put(257, 8, "ustar  \0"u8.ToArray());
        Put(265, 32, "root"u8.ToArray());
        Put(297, 32, "root"u8.ToArray());
        header.AsSpan(148, 8).Fill((byte)' ');
        Put(148, 8, Octal(header.Sum(static one => one), 6));
        return [.. header, .. contents, .. new byte[-contents.Length & 511]];

        void Put(int offset, int length, byte[] bytes) => bytes.AsSpan(0, Math.Min(length, bytes.Length)).CopyTo(header.AsSpan(offset));
        static byte[] Octal(long value, int digits) => Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(digits, '0') + "\0");
    }

    /// <summary>The same contents as the platform's own writer makes them, in each of its formats.</summary>
    public static byte[] Written(TarEntryFormat format, Action<TarWriter> write)
    {
        var output = new MemoryStream();
        using (var writer = new TarWriter(output, format, leaveOpen: true))
            write(writer);
        return output.ToArray();
    }
}
