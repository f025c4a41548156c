using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages;

namespace Mayfly.Images.Tests;

/// <summary>A package made for a test, as a .deb in a store's artifacts.</summary>
internal static class SmallPackage
{
    public static LockedPackage Add(Store store, string name, IReadOnlyDictionary<string, string> control, IReadOnlyDictionary<string, string> files, string fields = "")
    {
        var (package, bytes) = Make(name, control, files.Select(static pair => (pair.Key, Encoding.UTF8.GetBytes(pair.Value))), fields);
        File.WriteAllBytes(store.PathOf(StoreArea.Artifacts, package.Sha256), bytes);
        return package;
    }

    public static (LockedPackage Package, byte[] Deb) Make(string name, IReadOnlyDictionary<string, string> control, IEnumerable<(string Path, byte[] Bytes)> files, string fields = "", string architecture = "all")
    {
        var members = new Dictionary<string, string>(control)
        {
            ["control"] = $"Package: {name}\nVersion: 1\nArchitecture: {architecture}\nMaintainer: A test <test@example.org>\nDescription: made for a test\n{fields}",
        };
        using var deb = new MemoryStream();
        deb.Write("!<arch>\n"u8);
        Member(deb, "debian-binary", "2.0\n"u8.ToArray());
        Member(deb, "control.tar.gz", Tar(members.Select(pair => ($"./{pair.Key}", Encoding.UTF8.GetBytes(pair.Value), pair.Key is "preinst" or "postinst"))));
        Member(deb, "data.tar.gz", Tar(files.Select(file => ($".{file.Path}", file.Bytes, file.Path.Contains("bin/", StringComparison.Ordinal) || file.Path.Contains("/ld-", StringComparison.Ordinal)))));
        var bytes = deb.ToArray();
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return (new LockedPackage { Name = name, Version = "1", Architecture = architecture, Sha256 = hash, Size = bytes.Length, Path = $"pool/{name}.deb", Release = "bookworm" }, bytes);
    }

    private static void Member(MemoryStream deb, string name, byte[] contents)
    {
        deb.Write(Encoding.ASCII.GetBytes($"{name,-16}{0,-12}{0,-6}{0,-6}{"100644",-8}{contents.Length,-10}`\n"));
        deb.Write(contents);
        if (contents.Length % 2 == 1)
            deb.WriteByte((byte)'\n');
    }

    private static byte[] Tar(IEnumerable<(string Name, byte[] Bytes, bool Executable)> files)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Ustar))
        {
            var folders = new HashSet<string>();
            tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "./") { Mode = (UnixFileMode)0b111_101_101 });
            foreach (var (name, bytes, executable) in files)
            {
                for (var slash = name.IndexOf('/', 2); slash > 0; slash = name.IndexOf('/', slash + 1))
                {
                    if (folders.Add(name[..slash]))
                        tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, $"{name[..slash]}/") { Mode = (UnixFileMode)0b111_101_101 });
                }

                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
                {
                    Mode = executable ? (UnixFileMode)0b111_101_101 : (UnixFileMode)0b110_100_100,
                    DataStream = new MemoryStream(bytes),
                });
            }
        }

        return output.ToArray();
    }
}
