using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages;

/// <summary>Which date each layer of a lock has, and each stage of it. Pure.</summary>
/// <remarks>
/// What it keeps: a layer has a date, after which nothing in it is dated, and which its scripts are told; so the date decides about the layer's bytes
/// and is part of its key. It is the date of the archive when the layer's packages were chosen. How it changes: while a layer's packages, their
/// order and its requests are those of the older lock, and so is all that lies below it, it keeps the date it had; else it takes that of the releases now.
/// Where only its later stages are others, the first ones keep theirs: what was configured for an image once can then be begun with
/// (<c>PrefixStore</c> of the images). The lock says a date only where it is not the releases' own: so a new lock says none, and whoever has only the lock builds the same. Why not
/// the releases' date for all: an archive publishes several times a day, and each time one package more would have made every layer anew, for a
/// date alone. Why not the date of the newest package in a layer: the index does not have it, and a lock is made before anything is fetched.
/// </remarks>
internal static class LayerDates
{
    /// <summary>The lock with the dates of those of its layers that an older one has too.</summary>
    /// <param name="made">The lock as it is chosen now, without dates.</param>
    /// <param name="before">The older lock.</param>
    /// <param name="alone">Sets that stand alone, such as the tools: no layer is made of them.</param>
    public static StackLock Keep(StackLock made, StackLock before, IReadOnlyCollection<string> alone)
    {
        var dates = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var (layer, fingerprints) in before.Sets.Where(set => !alone.Contains(set.Name)).SelectMany(set => Fingerprints(before, set)))
        {
            foreach (var (date, fingerprint) in layer.DatesIn(before).Zip(fingerprints))
            {
                // Two sets that begin alike may have begun on two days; who keeps the earlier goes on over what was configured first.
                if (!dates.TryGetValue(fingerprint, out var known) || date < known)
                    dates[fingerprint] = date;
            }
        }

        return made with { Sets = [.. made.Sets.Select(set => alone.Contains(set.Name) ? set : set with { Stages = [.. Fingerprints(made, set).SelectMany(Dated)] })] };

        IEnumerable<LockedStage> Dated((LockedLayer Layer, IReadOnlyList<string> Stages) one)
        {
            var said = made.Date;
            foreach (var (stage, fingerprint) in one.Layer.Stages.Zip(one.Stages))
            {
                // A mirror that went back is no reason to date anything after its releases.
                var date = dates.TryGetValue(fingerprint, out var known) && known < made.Date ? known : made.Date;
                yield return stage with { Date = date == said ? null : date };
                said = date;
            }
        }
    }

    /// <summary>A set's layers; for each stage a hash of all that is installed then, and for a layer's last one of what was asked for too.</summary>
    private static IEnumerable<(LockedLayer Layer, IReadOnlyList<string> Stages)> Fingerprints(StackLock stack, LockedSet set)
    {
        var packages = stack.Packages.ToDictionary(static package => package.Id, StringComparer.Ordinal);
        var below = set.Name != SetRequest.Base && stack.Sets.FirstOrDefault(static other => other.Name == SetRequest.Base) is { } lowest
            ? Fingerprints(stack, lowest).LastOrDefault().Stages is [.., var last] ? last : stack.Architecture
            : stack.Architecture;
        foreach (var layer in LockedLayer.Of(set))
        {
            var text = new StringBuilder(below);
            var stages = new List<string>();
            foreach (var stage in layer.Stages)
            {
                text.Append("\nstage");
                foreach (var package in stage.Packages)
                    text.Append(CultureInfo.InvariantCulture, $"\n{package} {packages[package].Version} {packages[package].Sha256}");
                foreach (var package in stage.Configured)
                    text.Append(CultureInfo.InvariantCulture, $"\nconfigure {package}");
                if (stages.Count == layer.Stages.Count - 1)
                    text.Append("\nrequests ").AppendJoin(' ', layer.Requests);
                stages.Add(Hash(text.ToString()));
            }

            below = stages is [.., var whole] ? whole : below;
            yield return (layer, stages);
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
