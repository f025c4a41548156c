using Mayfly.Images.Dpkg;
using Mayfly.Images.Layers;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Images.Building;

/// <summary>
/// The layer that lies over an image's own while its packages are configured, and is no part of it. It keeps services from starting
/// (invoke-rc.d asks policy-rc.d, 101 forbids; what calls start-stop-daemon itself gets one that does nothing), says that this is
/// no machine (ischroot, or scripts would call a process 1 that is not there), tells programs a date that write it into what they make, makes scripts
/// note what they would byte-compile, for <see cref="ByteCompilation"/>, and has accounts get the numbers of the stack's table (<see cref="AccountShims"/>).
/// </summary>
internal static class Shims
{
    /// <summary>The variable in which scripts have the date, in seconds since 1970.</summary>
    public const string Date = "MAYFLY_DATE";

    /// <summary>What writes the time of day into initrds, caches of fonts and TeX's formats, unless it is told another.</summary>
    private static readonly string[] Dating = ["usr/sbin/mkinitramfs", "usr/bin/fc-cache", "usr/share/texlive/texmf-dist/scripts/texlive/fmtutil.pl"];

    private const string Compiler = "usr/bin/py3compile", Scripts = "var/lib/dpkg/info";

    /// <param name="folder">Where to make the layer.</param>
    /// <param name="layers">What it will lie over, lowest first, when packages are configured there; null for other commands.</param>
    /// <param name="ids">The stack's table of account ids.</param>
    /// <returns>True when scripts note what they would compile.</returns>
    public static bool Make(string folder, IReadOnlyList<string>? layers, IReadOnlyList<LockedId> ids)
    {
        Nodes.MakeDirectory(folder, 0x1ed);
        Write(folder, "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n");
        Write(folder, "usr/sbin/start-stop-daemon", "#!/bin/sh\nexit 0\n");
        if (layers is null)
            return false;
        // Nothing can be asked from here, and yet every machine has this file: without it scripts take it for misconfigured.
        Write(folder, "etc/resolv.conf", "");
        Files.ChangeMode($"{folder}/etc/resolv.conf", 0x1a4);
        Write(folder, "usr/bin/ischroot", "#!/bin/sh\nexit 0\n");
        if (ids.Count > 0)
            AccountShims.Make(folder, layers, ids);
        StandIns.Make(folder, layers);
        foreach (var program in Dating)
        {
            if (Find(layers, program) is not { } real)
                continue;
            var path = $"{ByteCompilation.Folder}/{Path.GetFileName(program)}";
            Write(folder, path, File.ReadAllText(real, DpkgPackage.Bytes));
            Write(folder, program, $"#!/bin/sh\nSOURCE_DATE_EPOCH=\"${Date}\" FORCE_SOURCE_DATE=1 exec /{path} \"$@\"\n");
        }

        var noted = false;
        if (Find(layers, Compiler) is { } compiler)
        {
            // The real one must be found by those who do the work.
            Write(folder, ByteCompilation.Compiler, File.ReadAllText(compiler, DpkgPackage.Bytes));
            Write(folder, Compiler, $"#!/bin/sh\nexec /{ByteCompilation.Note} /{ByteCompilation.Compiler} \"$@\"\n");
            noted = true;
        }

        // An interpreter compiles its own library by itself, with this very line.
        foreach (var script in layers.SelectMany(static layer => Directory.Exists($"{layer}/{Scripts}") ? Directory.GetFiles($"{layer}/{Scripts}", "python3.*.postinst") : [])
            .Select(static path => Path.GetFileName(path)).Distinct(StringComparer.Ordinal))
        {
            if (Find(layers, $"{Scripts}/{script}") is not { } path)
                continue;
            var text = File.ReadAllText(path, DpkgPackage.Bytes);
            var changed = ByteCompilation.CompilesLibrary().Replace(text, $"${{1}}/{ByteCompilation.Note} $2");
            if (changed == text)
                continue;
            Write(folder, $"{Scripts}/{script}", changed);
            noted = true;
        }

        if (noted)
            Write(folder, ByteCompilation.Note, ByteCompilation.NoteText);
        return noted;
    }

    internal static string? Find(IReadOnlyList<string> layers, string path) =>
        LayerTree.Find(layers, path) is { } real && Nodes.Read(real).Kind == NodeKind.File ? real : null;

    internal static void Write(string folder, string name, string text)
    {
        for (var slash = name.IndexOf('/'); slash > 0; slash = name.IndexOf('/', slash + 1))
        {
            if (Nodes.Find($"{folder}/{name[..slash]}") is null)
                Nodes.MakeDirectory($"{folder}/{name[..slash]}", 0x1ed);
        }

        var path = $"{folder}/{name}";
        File.WriteAllText(path, text, DpkgPackage.Bytes);
        Files.ChangeMode(path, 0x1ed);
    }
}
