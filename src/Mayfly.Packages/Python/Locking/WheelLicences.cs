using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Packages.Debian.Licences;

namespace Mayfly.Packages.Python.Locking;

/// <summary>The licences of wheels, as their metadata say them: an SPDX expression (PEP 639), else what projects wrote before there was one.</summary>
public static partial class WheelLicences
{
    /// <summary>Classifiers that mean one licence and no other; those such as "BSD License" do not.</summary>
    private static readonly Dictionary<string, string> Classifiers = new(StringComparer.Ordinal)
    {
        ["MIT License"] = "Expat",
        ["MIT No Attribution License (MIT-0)"] = "MIT-0",
        ["ISC License (ISCL)"] = "ISC",
        ["Mozilla Public License 2.0 (MPL 2.0)"] = "MPL-2.0",
        ["GNU Affero General Public License v3"] = "AGPL-3.0-only",
        ["GNU Affero General Public License v3 or later (AGPLv3+)"] = "AGPL-3.0-or-later",
        ["GNU General Public License v2 (GPLv2)"] = "GPL-2.0-only",
        ["GNU General Public License v2 or later (GPLv2+)"] = "GPL-2.0-or-later",
        ["GNU General Public License v3 (GPLv3)"] = "GPL-3.0-only",
        ["GNU General Public License v3 or later (GPLv3+)"] = "GPL-3.0-or-later",
        ["GNU Lesser General Public License v2 or later (LGPLv2+)"] = "LGPL-2.0-or-later",
        ["GNU Lesser General Public License v3 (LGPLv3)"] = "LGPL-3.0-only",
        ["GNU Lesser General Public License v3 or later (LGPLv3+)"] = "LGPL-3.0-or-later",
        ["The Unlicense (Unlicense)"] = "Unlicense",
    };

    /// <summary>Takes those apart that are not yet, and reads all.</summary>
    /// <param name="store">Has the archives, or what was in them.</param>
    /// <param name="wheels">By what stands for them beside Debian's packages.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static IReadOnlyList<PackageLicences> Read(Store store, IReadOnlyList<LockedPackage> wheels, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default) =>
        [.. UnpackedWheel.All(store, [.. wheels.Select(static wheel => (wheel.Path, wheel.Sha256))], progress, cancellationToken).Zip(wheels).Select(static pair => Read(pair.First, pair.Second))];

    private static PackageLicences Read(UnpackedWheel wheel, LockedPackage package)
    {
        var path = $"{wheel.Information}/METADATA";
        var metadata = CoreMetadata.Read(wheel.Metadata, package.Path);
        var (licence, fault) = Said(metadata);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        licence?.Write(reference => texts.TryAdd(reference, metadata.Licence ?? TextOf(wheel, metadata)) ? reference : reference);
        return new PackageLicences
        {
            Package = package,
            Path = path,
            Holder = package.Id,
            File = wheel.Place,
            Licensed = licence is null ? [] : [new LicensedFiles([], licence, LineOf(wheel))],
            Texts = texts,
            Unread = fault is not null ? [fault] : licence is not null ? [] : [metadata.LicenceFiles.Count > 0 ? $"names no licence, and has its text in {string.Join(", ", metadata.LicenceFiles)}" : "names no licence"],
        };
    }

    /// <summary>What is said, and what of it cannot be understood.</summary>
    private static (LicenceExpression? Licence, string? Fault) Said(CoreMetadata metadata)
    {
        if (metadata.LicenceExpression is not { } expression)
            return (SaidOfOld(metadata), null);
        // Whatever one means that is none, the licences that it names are named in it, and who denies one of them shall be heard.
        return SpdxExpression.TryParse(expression, out var fault) is { } understood ? (understood.Licence, null) : (LicenceExpression.Parse(Mit().Replace(expression, "Expat")), $"says the licence expression '{expression}', which is none: {fault}");
    }

    /// <summary>The texts that a wheel brings (PEP 639: in the folder licenses of its metadata; before, among them), one behind the other.</summary>
    private static string TextOf(UnpackedWheel wheel, CoreMetadata metadata)
    {
        // Only what the wheel itself has: the name may lead anywhere.
        return string.Join("\n\n", metadata.LicenceFiles.SelectMany(static file => (string[])[$"licenses/{file}", file]).Select(wheel.Text).OfType<string>());
    }

    private static LicenceExpression? SaidOfOld(CoreMetadata metadata)
    {
        var field = metadata.Licence is { Length: > 0 and < 100 } text && !text.Contains('\n', StringComparison.Ordinal) && text is not ("UNKNOWN" or "None") ? LicenceExpression.Parse(text) : null;
        if (field is not null && field.Terms.All(static term => term.IsCertain))
            return field;
        const string Licence = "License :: ";
        string[] classified = [.. metadata.Classifiers.Where(static one => one.StartsWith(Licence, StringComparison.Ordinal)).Select(static one => one[(one.LastIndexOf(" :: ", StringComparison.Ordinal) + 4)..]).Where(static one => one != "OSI Approved")];
        // Of several it is not said whether all count or one may be chosen: all are the careful reading.
        return classified.Length > 0 ? LicenceExpression.All(classified.Select(static one => LicenceExpression.Parse(Classifiers.GetValueOrDefault(one, one.Replace(',', ' '))))) : field;
    }

    private static int LineOf(UnpackedWheel wheel) =>
        1 + Encoding.UTF8.GetString(wheel.Metadata).ReplaceLineEndings("\n").Split('\n').TakeWhile(static line => line.Length > 0 && !line.StartsWith("License", StringComparison.OrdinalIgnoreCase) && !line.StartsWith("Classifier: License", StringComparison.OrdinalIgnoreCase)).Count();

    [GeneratedRegex(@"(?<![\w.-])MIT(?![\w.-])")]
    private static partial Regex Mit();
}
