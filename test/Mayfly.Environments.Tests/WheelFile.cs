using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages;

namespace Mayfly.Environments.Tests;

/// <summary>Writes wheels with whatever is in them.</summary>
internal static class WheelFile
{
    /// <summary>Makes one in a folder and gives its path.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="project">Its name, as files have it.</param>
    /// <param name="version">Its version.</param>
    /// <param name="files">Paths and texts; a path that begins with <c>+</c> may be run.</param>
    /// <param name="pure">Whether it is pure Python.</param>
    /// <param name="requires">What it needs.</param>
    public static string Write(string folder, string project, string version, IReadOnlyDictionary<string, string> files, bool pure = true, params string[] requires) =>
        WriteWith(folder, project, version, files, $"Name: {project}\n{string.Concat(requires.Select(static one => $"Requires-Dist: {one}\n"))}", pure);

    /// <summary>Makes one that says more of itself.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="project">Its name, as files have it.</param>
    /// <param name="version">Its version.</param>
    /// <param name="files">Paths and texts; a path that begins with <c>+</c> may be run.</param>
    /// <param name="metadata">Lines of its metadata, the name among them.</param>
    /// <param name="pure">Whether it is pure Python.</param>
    public static string WriteWith(string folder, string project, string version, IReadOnlyDictionary<string, string> files, string metadata, bool pure = true) =>
        WriteWith(folder, project, version, files.ToDictionary(static file => file.Key, static file => Encoding.UTF8.GetBytes(file.Value)), metadata, pure);

    /// <summary>The same, with contents in bytes.</summary>
    public static string WriteWith(string folder, string project, string version, IReadOnlyDictionary<string, byte[]> files, string metadata, bool pure = true)
    {
        var (path, information) = ($"{folder}/{project}-{version}-py3-none-any.whl", $"{project}-{version}.dist-info");
        var all = new Dictionary<string, byte[]>(files);
        all.TryAdd($"{information}/METADATA", Encoding.UTF8.GetBytes($"Metadata-Version: 2.1\nVersion: {version}\n{metadata}"));
        all.TryAdd($"{information}/WHEEL", Encoding.UTF8.GetBytes($"Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: {(pure ? "true" : "false")}\nTag: py3-none-any\n"));
        var record = string.Concat(all.Select(static file => $"{file.Key.TrimStart('+')},sha256={Base64Url.EncodeToString(SHA256.HashData(file.Value))},{file.Value.Length}\n"));
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        foreach (var (name, bytes) in all.Append(KeyValuePair.Create($"{information}/RECORD", Encoding.UTF8.GetBytes($"{record}{information}/RECORD,,\n"))))
        {
            var entry = zip.CreateEntry(name.TrimStart('+'));
            // The same wheel is the same bytes, whenever it is made.
            entry.LastWriteTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
            entry.ExternalAttributes = (name[0] == '+' ? 0x81ed : 0x81a4) << 16;
            using var stream = entry.Open();
            stream.Write(bytes);
        }

        return path;
    }

    /// <summary>The same, without a line that names it in <paramref name="metadata"/>.</summary>
    public static string Write(string folder, string project, string version, IReadOnlyDictionary<string, byte[]> files, string metadata, bool pure = true) =>
        WriteWith(folder, project, version, files, $"Name: {project}\n{metadata}", pure);

    /// <summary>Puts a file among the store's artifacts.</summary>
    public static (string Name, string Sha256) Keep(Store store, string path)
    {
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
        File.Copy(path, store.PathOf(StoreArea.Artifacts, sha256), overwrite: true);
        return (Path.GetFileName(path), sha256);
    }
}
