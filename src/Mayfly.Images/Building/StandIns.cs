using Mayfly.Images.Layers;
using Mayfly.Images.Placing;

namespace Mayfly.Images.Building;

/// <summary>
/// Programs that stand in for real ones while packages are configured. Theirs would be work for nothing: a key or a database that the
/// image leaves out (<see cref="LeftOut"/>), and that is made when an instance starts. What a stand-in makes is left out in the same way; whatever
/// else is asked of the program goes to the real one.
/// </summary>
internal static class StandIns
{
    /// <summary>What follows a real program's name, beside which the stand-in has it.</summary>
    private const string Real = ".stood-in-for";

    private static readonly (string Programs, string Script)[] Table =
    [
        // A key of 2048 bits and a certificate: what looks for them finds files.
        ("usr/sbin/make-ssl-cert", """
            if [ "$*" = generate-default-snakeoil ]; then
                key=/etc/ssl/private/ssl-cert-snakeoil.key
                : >/etc/ssl/certs/ssl-cert-snakeoil.pem
                : >$key
                chmod 640 $key
                exec chown root:ssl-cert $key
            fi
            """),
        // initdb writes the configuration by itself; these two calls fill the data with system tables that it tells them by standard input. Data elsewhere is not left out.
        ("usr/lib/postgresql/*/bin/postgres", """
            case $1:$PGDATA in --boot:/var/lib/postgresql/*/*|--single:/var/lib/postgresql/*/*) exec cat >/dev/null ;; esac
            """),
    ];

    /// <param name="folder">The layer that lies over all others.</param>
    /// <param name="layers">What it lies over, lowest first.</param>
    public static void Make(string folder, IReadOnlyList<string> layers)
    {
        foreach (var (programs, script) in Table)
        {
            foreach (var program in layers.SelectMany(layer => LayerCleaning.Matching(layer, programs).Select(path => path[(layer.Length + 1)..])).Distinct(StringComparer.Ordinal).ToArray())
            {
                if (Shims.Find(layers, program) is not { } real)
                    continue;
                Shims.Write(folder, program, $"#!/bin/sh\n{script}\nexec \"/{program}{Real}\" \"$@\"\n");
                // Beside it, because programs find what is theirs by where they are.
                TreeWriter.LinkOrCopy(real, $"{folder}/{program}{Real}");
            }
        }
    }
}
