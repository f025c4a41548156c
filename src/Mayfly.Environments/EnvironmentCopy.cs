using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>A second environment with the same in it. Programs name their environment by its path, so a folder that is just copied would still start the first one's interpreter.</summary>
internal static class EnvironmentCopy
{
    /// <summary>Fills a folder that is to become an environment.</summary>
    /// <param name="source">The one that is copied.</param>
    /// <param name="made">The folder; it holds what every environment begins with.</param>
    /// <param name="root">What the folder will be called.</param>
    /// <param name="links">Whether what is a link in the one is one in the other.</param>
    /// <param name="isAsked">True when somebody asks for that, and it is not so because the one is so.</param>
    public static void Fill(VirtualEnvironment source, string made, string root, LinkMode links, bool isAsked)
    {
        HashSet<string> skeleton = ["pyvenv.cfg", "lib64", .. Directory.GetFiles($"{made}/bin").Select(static path => $"bin/{Path.GetFileName(path)}")];
        var changed = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        Copy("");
        LinkSetting.Note(made, links);
        foreach (var one in InstalledDistribution.In($"{made}/{source.Interpreter.SitePackages}"))
            Record($"{made}/{source.Interpreter.SitePackages}", one);
        if (EnvironmentRecord.Read(source.Root) is { } record)
            EnvironmentRecord.Write(made, source.Interpreter.SitePackages, record, source.PackagesFolder, []);

        void Copy(string folder)
        {
            foreach (var path in Directory.EnumerateFileSystemEntries($"{source.Root}/{folder}"))
            {
                var name = folder.Length == 0 ? Path.GetFileName(path) : $"{folder}/{Path.GetFileName(path)}";
                if (skeleton.Contains(name))
                    continue;
                var node = Nodes.Read(path);
                if (node.Kind == NodeKind.Directory)
                {
                    Directory.CreateDirectory($"{made}/{name}");
                    Copy(name);
                }
                else if (node.Kind == NodeKind.Link)
                {
                    var target = new FileInfo(path).LinkTarget!;
                    Nodes.MakeLink(target.StartsWith($"{source.Root}/", StringComparison.Ordinal) ? $"{root}{target[source.Root.Length..]}" : target, $"{made}/{name}");
                }
                else if (NamesItsEnvironment(name) && Moved(File.ReadAllBytes(path)) is { } contents)
                {
                    File.WriteAllBytes($"{made}/{name}", contents);
                    Files.ChangeMode($"{made}/{name}", node.Mode);
                    changed.Add(name, contents);
                }
                else if (!(links == LinkMode.Hardlink && LinkSetting.IsShared(node) && node.User == Inheritance.EffectiveUser && TryLink(path, $"{made}/{name}")))
                {
                    File.Copy(path, $"{made}/{name}");
                    if (LinkSetting.IsShared(node))
                        Files.ChangeMode($"{made}/{name}", SharedFile.Apart(node.Mode));
                }
            }
        }

        bool TryLink(string path, string copy)
        {
            const int OtherDevice = 18;
            try
            {
                Files.Link(path, copy);
                return true;
            }
            catch (LinuxException e) when (e.Errno == OtherDevice && isAsked)
            {
                throw new MayflyException($"{root} cannot have files of {source.Root} as hard links: they are on two file systems, or two mounts of one", "say --link-mode copy, or name a place under the same mount", e);
            }
            catch (LinuxException e)
            {
                // On another file system it is one of copies from its beginning. At the limit of names, this file is one.
                if (e.Errno == OtherDevice)
                    links = LinkMode.Copy;
                return false;
            }
        }

        // Byte code names its sources too; Python puts that right when it loads it.
        static bool NamesItsEnvironment(string name) => name.StartsWith("bin/", StringComparison.Ordinal) || name.EndsWith(".pth", StringComparison.Ordinal) || name.EndsWith(".egg-link", StringComparison.Ordinal);

        // Null when it does not name it.
        byte[]? Moved(byte[] contents)
        {
            var old = Encoding.UTF8.GetBytes(source.Root);
            if (contents.AsSpan().IndexOf(old) < 0 || contents.AsSpan().Contains((byte)0))
                return null;
            var text = Encoding.UTF8.GetString(contents);
            // A path that is too long for one line, or has a space, is started through a shell; so may the new one be, and not the old.
            foreach (var shebang in source.Interpreter.Programs.Skip(1).Select(program => $"#!{source.Root}/bin/{program}").Prepend(EntryPoint.Shebang($"{source.Root}/bin/python")))
            {
                if (text.StartsWith($"{shebang}\n", StringComparison.Ordinal))
                    text = $"{EntryPoint.Shebang($"{root}/bin/python")}{text[shebang.Length..]}";
            }

            return Encoding.UTF8.GetBytes(text.Replace($"{source.Root}/", $"{root}/", StringComparison.Ordinal));
        }

        void Record(string packages, InstalledDistribution one)
        {
            var path = $"{packages}/{one.Information}/RECORD";
            if (!one.Files.Any(file => changed.ContainsKey(Within(file))))
                return;
            var lines = RecordEntry.Read(File.ReadAllText(path)).Select(entry => entry.Hash is not null && changed.TryGetValue(Within(entry.Path), out var contents)
                ? new RecordEntry(entry.Path, RecordEntry.HashOf(contents), contents.Length) : entry);
            File.WriteAllText(path, string.Concat(lines.Select(static entry => $"{entry}\n")));

            string Within(string file) => Path.GetRelativePath(made, Path.GetFullPath($"{packages}/{file}"));
        }
    }
}
