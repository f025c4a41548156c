using System.Security.Cryptography;
using System.Text.Json;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Tests.Crash;

/// <summary>What holds of a store at every moment, whoever was killed in whatever he did.</summary>
internal static class StoreInvariants
{
    /// <summary>Every sentence that does not hold; a store in order gives none.</summary>
    /// <param name="root">The store's folder.</param>
    /// <param name="atRest">No command is at work and one has ended well since the last fault: no work is left either.</param>
    public static List<string> Broken(string root, bool atRest)
    {
        var broken = new List<string>();
        var areas = Enum.GetNames<StoreArea>().Select(static name => name.ToLowerInvariant()).Append("lock").ToHashSet();
        Each(root, path => Holds(areas.Contains(Path.GetFileName(path)), $"{path} is nothing that a store has"));
        Each($"{root}/artifacts", path => Holds(Sha256(path) == Path.GetFileName(path), $"{path} does not have the hash that it is named by"));
        Each($"{root}/unpacked", path => Unpacked(new UnpackedPackage(Path.GetFileName(path), path)));
        Each($"{root}/layers", Layer);
        Each($"{root}/prefixes", Prefix);
        Each($"{root}/images", ImageFile);
        Each($"{root}/images/names", path => Holds(File.Exists($"{root}/images/{File.ReadAllText(path).Trim()}.json"), $"the name {path} means an image that is not there"));
        Each($"{root}/tmp", path => Holds(!Path.GetFileName(path).StartsWith("partial-", StringComparison.Ordinal) || !File.Exists($"{root}/artifacts/{Path.GetFileName(path).Split('-', '.')[1]}"), $"{path} is left beside the artifact"));
        Each($"{root}/failed", path => Holds(false, $"{path} is kept though nobody asked for it"));
        if (atRest)
            Each($"{root}/tmp", path => Holds(false, $"{path} is left though nobody works on it"));
        Holds(IsFree($"{root}/lock"), "somebody holds the store's lock");
        foreach (var (process, what) in Users(root))
            Holds(false, $"process {process} still {what}");
        return broken;

        void Holds(bool condition, string otherwise)
        {
            if (!condition)
                broken.Add(otherwise);
        }

        void Each(string folder, Action<string> check)
        {
            if (!Directory.Exists(folder))
                return;
            foreach (var path in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
            {
                try
                {
                    check(path);
                }
                catch (Exception e) when (e is MayflyException or IOException or JsonException or NullReferenceException)
                {
                    broken.Add($"{path} cannot be read: {e.Message}");
                }
            }
        }

        void Unpacked(UnpackedPackage package)
        {
            var files = package.ReadManifest().Entries.Where(static entry => entry.Type == EntryType.File).ToDictionary(package.ContentOf);
            foreach (var (path, entry) in files)
            {
                var node = Nodes.Read(path);
                Holds(node.Kind == NodeKind.File && node.Size == entry.Size && node.Mode == entry.Mode && node.Time == entry.Time, $"{path} ({entry.Path}) is not what the manifest says");
                Holds(MD5.HashData(File.ReadAllBytes(path)).AsSpan().SequenceEqual(entry.Md5.Span), $"{path} ({entry.Path}) has other contents than the manifest says");
            }

            Each(package.FilesFolder, path => Holds(files.ContainsKey(path), $"{path} is in no manifest"));
            Holds(package.ReadControl("control") is { Length: > 0 }, $"{package.Folder} has no control file");
        }

        void Layer(string path)
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes($"{path}/layer.json"), ImagesJson.Default.LayerRecord)!;
            Holds(record.Key == Path.GetFileName(path), $"{path} says that it is {record.Key}");
            Holds(record.Below is null || Directory.Exists($"{root}/layers/{record.Below}"), $"{path} lies over a layer that is not there");
            foreach (var prefix in record.Prefixes)
                Holds(File.Exists($"{root}/prefixes/{prefix}/prefix.json"), $"{path} was made over configured stages that are not there: {prefix}");
            Holds((record.Digest, record.Size) == LayerStore.Digest($"{path}/tree", record.Epoch, CancellationToken.None), $"{path} does not have its digest");
        }

        void Prefix(string path)
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes($"{path}/prefix.json"), ImagesJson.Default.PrefixRecord)!;
            Holds(record.Key == Path.GetFileName(path), $"{path} says that it is {record.Key}");
            Holds(record.Over is null || Directory.Exists($"{root}/prefixes/{record.Over}"), $"{path} lies over stages that are not there");
            Holds(record.Parts.Count > 0 && record.Parts.All(part => Directory.Exists($"{path}/{part.Name}")), $"{path} lacks a tree");
            Holds(File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute), $"{path} is open to others");
            Holds(record.Compiled.All(compiled => compiled.Files.All(file => File.Exists($"{path}/{compiled.Folder}/{file}"))), $"{path} lacks what was compiled");
        }

        void ImageFile(string path)
        {
            if (Directory.Exists(path))
                return;
            var image = JsonSerializer.Deserialize(File.ReadAllBytes(path), ImagesJson.Default.Image)!;
            Holds($"{image.Digest[7..]}.json" == Path.GetFileName(path) && image.Digest == ImageBuilder.DigestOf(image.Architecture, image.Layers.Select(static layer => layer.Digest)), $"{path} does not have its digest");
            foreach (var layer in image.Layers)
                Holds(File.Exists($"{root}/layers/{layer.Key}/layer.json"), $"{path} is made of a layer that is not there: {layer.Origin}");
        }
    }

    /// <summary>Processes whose root, command, or mounts have to do with this store; this one aside.</summary>
    public static IEnumerable<(int Process, string What)> Users(string root)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var process))
                continue;
            string? what = null;
            try
            {
                if (process != Environment.ProcessId && (File.ReadAllText($"{folder}/cmdline").Contains(root, StringComparison.Ordinal) || new FileInfo($"{folder}/root").LinkTarget?.StartsWith(root, StringComparison.Ordinal) == true))
                    what = $"runs: {File.ReadAllText($"{folder}/cmdline").Replace('\0', ' ')}";
                else if (File.ReadAllText($"{folder}/mountinfo").Contains(root, StringComparison.Ordinal))
                    what = "sees a mount of it";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile.
            }

            if (what is not null)
                yield return (process, what);
        }
    }

    private static string Sha256(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static bool IsFree(string path)
    {
        if (!File.Exists(path))
            return true;
        using var file = FileHandles.OpenOrCreate(path);
        return Files.Lock(file, exclusive: true, wait: false);
    }
}
