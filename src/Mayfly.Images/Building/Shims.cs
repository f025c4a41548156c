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
    private static readonly string[] Dating = ["usr/sbin/mkinitramfs", "usr/share/texlive/texmf-dist/scripts/texlive/fmtutil.pl"];

    private const string Django = "usr/bin/django-admin";

    private const string Manuals = "usr/sbin/update-info-dir";

    private const string FileLists = "usr/share/texlive/texmf-dist/scripts/texlive/mktexlsr.pl";

    private const string Compiler = "usr/bin/py3compile", Scripts = "var/lib/dpkg/info";

    /// <param name="folder">Where to make the layer.</param>
    /// <param name="layers">What it will lie over, lowest first.</param>
    /// <param name="forPackages">True when packages are configured there, false for other commands.</param>
    /// <param name="ids">The stack's table of account ids.</param>
    /// <returns>True when scripts note what they would compile.</returns>
    public static bool Make(string folder, IReadOnlyList<string> layers, bool forPackages, IReadOnlyList<LockedId> ids)
    {
        Nodes.MakeDirectory(folder, 0x1ed);
        Ending(folder, "usr/sbin/policy-rc.d", 101);
        Ending(folder, "usr/sbin/start-stop-daemon", 0);
        var noted = forPackages && MakeForPackages(folder, layers, ids);
        // A folder in an upper layer decides over its owner and mode, and these lie over all others.
        foreach (var path in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories))
        {
            if (LayerTree.Find(layers, path[(folder.Length + 1)..]) is { } real && Nodes.Read(real).Kind == NodeKind.Directory)
                LayerTree.CopyFacts(real, path);
        }

        return noted;
    }

    private static bool MakeForPackages(string folder, IReadOnlyList<string> layers, IReadOnlyList<LockedId> ids)
    {
        // Nothing can be asked from here, and yet every machine has this file: without it scripts take it for misconfigured.
        Write(folder, "etc/resolv.conf", "");
        Files.ChangeMode($"{folder}/etc/resolv.conf", 0x1a4);
        Ending(folder, "usr/bin/ischroot", 0);
        if (ids.Count > 0)
            AccountShims.Make(folder, layers, ids);
        LocaleArchive.Make(folder, layers, $"{Path.GetDirectoryName(folder)}/locales");
        StandIns.Make(folder, layers);
        foreach (var program in Dating)
        {
            if (Find(layers, program) is not { } real)
                continue;
            var path = $"{ByteCompilation.Folder}/{Path.GetFileName(program)}";
            Write(folder, path, File.ReadAllText(real, DpkgPackage.Bytes));
            Write(folder, program, $"#!/bin/sh\nSOURCE_DATE_EPOCH=\"${Date}\" FORCE_SOURCE_DATE=1 exec /{path} \"$@\"\n");
        }

        // It reads manuals in the order of the disk, and install-info sorts entries in one that depends on which came first. Backwards it is mostly that of a file system in memory.
        if (Find(layers, Manuals) is { } manuals)
            Write(folder, Manuals, File.ReadAllText(manuals, DpkgPackage.Bytes).Replace("find \"$INFODIR\" -type f |", "find \"$INFODIR\" -type f | LC_ALL=C sort -r |", StringComparison.Ordinal));

        // It notes in a database when its tables were made, and in style sheets when files were that it has just copied. No file is given a later date in an image.
        if (Find(layers, Django) is { } django)
        {
            var path = $"{ByteCompilation.Folder}/django-admin";
            Write(folder, path, File.ReadAllText(django, DpkgPackage.Bytes));
            Write(folder, Django, $$"""
                #!/usr/bin/python3
                import datetime, os, runpy
                from django.conf import settings
                from django.utils import timezone
                date = int(os.environ["{{Date}}"])
                changed = os.path.getmtime
                os.path.getmtime = lambda path: min(changed(path), date)
                timezone.now = lambda: datetime.datetime.fromtimestamp(date, datetime.timezone.utc if settings.USE_TZ else None)
                runpy.run_path("/{{path}}", run_name="__main__")

                """);
        }

        // It writes TeX's lists of files in the order of a table of Perl's, which follows that of the disk; it can sort, and is not asked to.
        if (Find(layers, FileLists) is { } lists)
            Write(folder, FileLists, File.ReadAllText(lists, DpkgPackage.Bytes).Replace("$dosort = $params{'sort'};", "$dosort = 1;", StringComparison.Ordinal));

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

    /// <summary>A program that does nothing; it names itself, so that it can be told from the others and from what a script writes.</summary>
    private static void Ending(string folder, string program, int code) => Write(folder, program, $"#!/bin/sh\n# {ByteCompilation.Folder}: {program}\nexit {code}\n");

    internal static void Write(string folder, string name, string text)
    {
        LayerTree.MakeFolder(folder, Path.GetDirectoryName(name)!);
        var path = $"{folder}/{name}";
        File.WriteAllText(path, text, DpkgPackage.Bytes);
        Files.ChangeMode(path, 0x1ed);
    }
}
